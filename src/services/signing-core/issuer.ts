import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import {
  encodeSubjectPublicKeyInfo,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { oids } from '../../formats/oids.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import type { IssuerReference, TokenKey } from '../ports.ts';
import type { Issuer } from './prepare-certificate.ts';

/**
 * What a certificate or CRL takes over from its issuer, read strictly from the issuing certificate.
 *
 * @throws Refused when the certificate is not of this key; InvariantBroken when it lacks what we always issue
 */
export function issuerFrom(reference: IssuerReference, key: TokenKey): Issuer {
  const certificate = decodeCertificate(reference.certificate, { strict: true });
  assertCertifies(certificate, key.publicKey);
  const algorithm = keyAlgorithms.get(reference.keyAlgorithm);
  const keyIdentifier = certificate.subjectKeyIdentifier;
  if (algorithm === undefined || keyIdentifier === undefined) {
    throw new InvariantBroken(`the certificate of ${key.label} is not one that Sigillo issued`);
  }
  return {
    name: certificate.subject.bytes,
    keyIdentifier,
    subjectAltName: certificate.extensions.get(oids.subjectAltName)?.value,
    notAfter: certificate.notAfter,
    signsUntil: certificate.privateKeyUsagePeriod?.notAfter ?? certificate.notAfter,
    algorithm,
  };
}

/** @throws Refused unless `certificate` certifies exactly the token's key */
export function assertCertifies(certificate: Certificate, publicKey: PublicKeyValue): void {
  const forms = (['explicit', 'named'] as const).map((form) => encodeSubjectPublicKeyInfo(publicKey, form));
  const certified = certificate.subjectPublicKey.bytes;
  if (forms.some((form) => Buffer.compare(form, certified) === 0)) return;
  throw new Refused('key-not-active', 'the certificate does not certify the key on the token', {
    mend: 'use the certificate that was issued for this key',
  });
}
