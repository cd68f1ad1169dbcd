import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { InvariantBroken } from '../errors.ts';
import type { CertificateOrder } from '../ports.ts';

/**
 * Checks a certificate that the signer made, by the strict reader and OpenSSL, which share nothing with what
 * made it: it is what was ordered, and its signature verifies with the issuer's key.
 *
 * @throws InvariantBroken when anything is off; MalformedInput when it is not strict DER
 */
export function checkCertificate(der: Uint8Array, order: CertificateOrder): void {
  const certificate = decodeCertificate(der, { strict: true });
  const issuer =
    order.issuer === undefined ? certificate : decodeCertificate(order.issuer.certificate, { strict: true });
  assertEqual('serialNumber', certificate.serialNumber, order.serialNumber);
  assertEqual('notBefore', certificate.notBefore.getTime(), order.notBefore.getTime());
  assertSameOctets('issuer', certificate.issuer.bytes, issuer.subject.bytes);
  assertSameOctets('signatureAlgorithm', certificate.signatureAlgorithmBytes, certificate.tbsSignatureBytes);
  assertEqual('subject.countryName', certificate.subject.country, issuer.subject.country);
  assertSignedBy(certificate, issuer);
}

function assertSignedBy(certificate: Certificate, issuer: Certificate): void {
  const { signatureAlgorithm, tbsBytes, signature } = certificate;
  if (signatureAlgorithm.kind === 'unsupported') {
    throw new InvariantBroken('the certificate is signed by an algorithm that is not issued');
  }
  if (!verifySignature(signatureAlgorithm, issuer.subjectPublicKey, tbsBytes, signature)) {
    throw new InvariantBroken("the certificate does not verify with its issuer's key");
  }
}

function assertEqual(field: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new InvariantBroken(`${field} of the certificate is not what was ordered`);
}

function assertSameOctets(field: string, got: Uint8Array, wanted: Uint8Array): void {
  if (Buffer.compare(got, wanted) !== 0) {
    throw new InvariantBroken(`${field} of the certificate is not what was ordered`);
  }
}
