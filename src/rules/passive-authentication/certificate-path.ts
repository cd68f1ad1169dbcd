import type { CertificateList } from '../../formats/x509/crl.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { isSameName } from '../../formats/x509/name.ts';
import type { Examination } from './report.ts';
import { digestOf, weaknesses } from './weak-algorithms.ts';
import type { TrustAnchor, TrustStore } from './trust-store.ts';

/** What a border knows: its anchors, its CRLs and the time. */
export interface Border {
  readonly trust: TrustStore;
  readonly crls: readonly CertificateList[];
  readonly at: Date;
  /** Puts up with nothing; for our own products. */
  readonly strict: boolean;
}

/** Which certificate is examined, as the codes of its findings begin. */
export type Role = 'DSC' | 'MLSC' | 'CERT';

const roleNames: Record<Role, string> = {
  DSC: 'Document Signer certificate',
  MLSC: 'Master List Signer certificate',
  CERT: 'certificate',
};

/**
 * Finds the anchor that issued a certificate and checks the signature. The path is one certificate long and
 * nothing else is tried (Doc 9303-12 §6.1.2).
 *
 * @returns undefined when no anchor issued it
 */
export function examinePath(
  examination: Examination,
  role: Role,
  certificate: Certificate,
  border: Border,
): TrustAnchor | undefined {
  const { anchor, notes, keysTried, isKeyKnown } = border.trust.issuerOf(certificate, border);
  if (anchor !== undefined) {
    examination.note(roleNames[role], notes);
    examineIssuerName(examination, role, certificate, anchor);
    return anchor;
  }
  const issuer = certificate.issuer.display;
  if (certificate.signatureAlgorithm.kind === 'unsupported') {
    examination.find('ALG_UNSUPPORTED', `${roleNames[role]}: ${certificate.signatureAlgorithm.reason}`);
  } else if (isKeyKnown) {
    const detail = `the signature of the ${roleNames[role]} does not hold under the key of ${issuer}`;
    examination.find(`${role}_SIGNATURE`, detail);
  } else {
    const detail = `no trusted CSCA key issued it: ${issuer} (${keysTried} keys of this country known)`;
    examination.find('CSCA_NOT_FOUND', detail);
  }
  return undefined;
}

function examineIssuerName(
  examination: Examination,
  role: Role,
  certificate: Certificate,
  { certificate: csca }: TrustAnchor,
): void {
  if (Buffer.compare(certificate.issuer.bytes, csca.subject.bytes) === 0) return;
  const difference = isSameName(certificate.issuer, csca.subject) ? 'is encoded otherwise than' : 'is not';
  const detail = `the issuer of the ${roleNames[role]} ${difference} the subject of the CSCA`;
  examination.find('CSCA_NAME', `${detail}, ${csca.subject.display}`);
}

/** Validity now and, where it is known, when the document or list was signed. */
export function examineValidity(
  examination: Examination,
  role: Role,
  certificate: Certificate,
  times: { readonly at: Date; readonly signedAt: Date | undefined },
): void {
  const { notBefore, notAfter } = certificate;
  if (times.at > notAfter) examination.find(`${role}_EXPIRED`, `it was valid until ${day(notAfter)}`);
  if (times.at < notBefore) examination.find(`${role}_NOT_YET_VALID`, `it is valid from ${day(notBefore)}`);
  const { signedAt } = times;
  if (role === 'CERT' || signedAt === undefined) return;
  if (signedAt < notBefore || signedAt > notAfter) {
    const detail = `signed on ${day(signedAt)}, but valid from ${day(notBefore)} to ${day(notAfter)}`;
    examination.find(`${role}_NOT_VALID_AT_ISSUE`, detail);
  }
}

/** The anchor's own end of validity is not part of path validation (Doc 9303-12 §6.1.1) but worth knowing. */
export function examineAnchor(examination: Examination, { certificate }: TrustAnchor, at: Date): void {
  if (at <= certificate.notAfter) return;
  const detail = `${certificate.subject.display} was valid until ${day(certificate.notAfter)}`;
  examination.find('CSCA_EXPIRED', detail);
}

/**
 * Looks a certificate and its CSCA up in the CRLs of the country: a CSCA has one CRL for all that it ever issued,
 * signed with its newest key, also after a change of name (Doc 9303-12 §6.1.3).
 */
export function examineRevocation(
  examination: Examination,
  role: Role,
  certificate: Certificate,
  anchor: TrustAnchor,
  border: Border,
): void {
  const country = certificate.issuer.country;
  const ofCountry = border.crls.filter(
    (crl) => crl.issuer.country === country && crl.thisUpdate <= border.at,
  );
  const verified = ofCountry.filter((crl) => border.trust.issuerOfCrl(crl, border) !== undefined);
  if (verified.length < ofCountry.length) {
    examination.find('CRL_SIGNATURE', `a CRL of ${country ?? 'no country'} is signed by no trusted key`);
  }
  const newest = verified.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())[0];
  if (newest === undefined) {
    examination.find('CRL_MISSING', `no CRL of ${country ?? 'no country'}`);
    return;
  }
  if (newest.nextUpdate !== undefined && newest.nextUpdate < border.at) {
    examination.find('CRL_STALE', `the next CRL was due on ${day(newest.nextUpdate)}`);
  }
  for (const crl of verified) findRevoked(examination, role, certificate, anchor, crl);
}

function findRevoked(
  examination: Examination,
  role: Role,
  certificate: Certificate,
  anchor: TrustAnchor,
  crl: CertificateList,
): void {
  const entry = crl.revokedCertificates.find(certificate.serialNumberOctets);
  if (entry !== undefined) examination.find(`${role}_REVOKED`, `revoked on ${day(entry.revocationDate)}`);
  const csca = crl.revokedCertificates.find(anchor.certificate.serialNumberOctets);
  // A root that another CSCA numbered alike is not meant: serial numbers are unique per issuer.
  if (csca !== undefined && isSameName(crl.issuer, anchor.certificate.issuer)) {
    examination.find('CSCA_REVOKED', `revoked on ${day(csca.revocationDate)}`);
  }
}

/** The algorithms of a certificate and of the key that issued it. */
export function examineAlgorithms(
  examination: Examination,
  role: Role,
  certificate: Certificate,
  anchor: TrustAnchor | undefined,
): void {
  const keys = [certificate, ...(anchor === undefined ? [] : [anchor.certificate])];
  const weak = weaknesses(
    [digestOf(certificate.signatureAlgorithm)],
    keys.map((key) => key.subjectPublicKey),
  );
  for (const weakness of weak) examination.find('WEAK_ALG', `${roleNames[role]}: ${weakness}`);
}

/** `YYYY-MM-DD` in UTC. */
export function day(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}
