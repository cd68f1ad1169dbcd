import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { InvariantBroken } from '../errors.ts';
import { applyWaivers, lintCertificate } from '../../rules/lint/index.ts';
import type { CertificateOrder, WaivedRecord } from '../ports.ts';
import { certificateLintOptions, lintedKind } from '../signing-core/lint-order.ts';
import { assertClean, waivedRecords } from './assert-clean.ts';
import type { IssuanceDeps } from './issuance-deps.ts';
import { issuedRegister } from './issued-register.ts';

/**
 * Checks a certificate that the signer made, by the strict reader and OpenSSL, which share nothing with what
 * made it: it is what was ordered, and its signature verifies with the issuer's key.
 *
 * @returns what policy has waived
 * @throws InvariantBroken when anything is off; MalformedInput when it is not strict DER
 */
export async function checkCertificate(
  deps: IssuanceDeps,
  der: Uint8Array,
  order: CertificateOrder,
): Promise<readonly WaivedRecord[]> {
  const certificate = decodeCertificate(der, { strict: true });
  const issuer =
    order.issuer === undefined ? certificate : decodeCertificate(order.issuer.certificate, { strict: true });
  assertEqual('serialNumber', certificate.serialNumber, order.serialNumber);
  assertEqual('notBefore', certificate.notBefore.getTime(), order.notBefore.getTime());
  assertSameOctets('issuer', certificate.issuer.bytes, issuer.subject.bytes);
  assertSameOctets('signatureAlgorithm', certificate.signatureAlgorithmBytes, certificate.tbsSignatureBytes);
  assertEqual('subject.countryName', certificate.subject.country, issuer.subject.country);
  assertSignedBy(certificate, issuer);
  return assertLintClean(deps, der, order);
}

/** The finished certificate under every rule of Doc 9303, also those about what was issued before. */
async function assertLintClean(
  deps: IssuanceDeps,
  der: Uint8Array,
  order: CertificateOrder,
): Promise<readonly WaivedRecord[]> {
  const profile = deps.policies.profiles.get(order.profile);
  if (profile === undefined || lintedKind(profile) === undefined) return [];
  const underCsca = (await deps.records.certificates()).filter((record) => {
    const other = deps.policies.profiles.get(record.profile);
    return other !== undefined && lintedKind(other) !== undefined;
  });
  const register = issuedRegister(underCsca);
  const options = certificateLintOptions(profile, deps.state, order);
  const report = lintCertificate(der, { ...options, register });
  const { waivers, digest: policyDigest } = deps.policies;
  const waived = applyWaivers(report, waivers, order.notBefore);
  assertClean(waived, `the ${profile.profile} certificate`);
  const { serialNumber: number } = order;
  return waivedRecords(waived, { about: 'certificate', number, policyDigest, at: deps.clock.now() });
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
