import { oids } from '../../../formats/oids.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import { isSameName } from '../../../formats/x509/name.ts';
import type { Edition } from '../edition.ts';

/** The kinds of certificate under a CSCA, as policies name them (Doc 9303-12 §7.1). */
export const certificateKinds = [
  'csca',
  'csca-link',
  'document-signer',
  'master-list-signer',
  'deviation-list-signer',
  'communication',
  'spoc-client',
  'spoc-server',
  'lds2-signer',
  'vds-signer',
  'vds-nc-signer',
  'dtc-signer',
] as const;
export type CertificateKind = (typeof certificateKinds)[number];

export function isCa(kind: CertificateKind): boolean {
  return kind === 'csca' || kind === 'csca-link';
}

/** All kinds but those of CSCA and Document Signer came with the 7th edition. */
export function isOfEdition(kind: CertificateKind, edition: Edition): boolean {
  return edition >= 7 || isCa(kind) || kind === 'document-signer';
}

/** Tables 7 and 8: two or three extensions and a name that fits a chip or a seal. */
export function isMinimal(kind: CertificateKind): boolean {
  return kind === 'lds2-signer' || kind === 'vds-signer' || kind === 'vds-nc-signer';
}

/** Kinds of technical reports that are not at hand. */
export function isOfReport(kind: CertificateKind): boolean {
  return kind === 'vds-nc-signer' || kind === 'dtc-signer';
}

/** TLS has its own say about keys and usage. */
export function isForTls(kind: CertificateKind): boolean {
  return kind === 'communication' || kind === 'spoc-client' || kind === 'spoc-server';
}

const kindsByPurpose: readonly (readonly [string, CertificateKind])[] = [
  [oids.cscaMasterListSigningKey, 'master-list-signer'],
  [oids.deviationListSigningKey, 'deviation-list-signer'],
  [oids.lds2TravelStampSigner, 'lds2-signer'],
  [oids.lds2VisaSigner, 'lds2-signer'],
  [oids.lds2BiometricsSigner, 'lds2-signer'],
  [oids.spocClient, 'spoc-client'],
  [oids.spocServer, 'spoc-server'],
  [oids.vdsSigner, 'vds-signer'],
  [oids.vdsNcSigner, 'vds-nc-signer'],
  [oids.dtcSigner, 'dtc-signer'],
];

/**
 * What a certificate is, as far as it says itself. A CA certificate whose authorityKeyIdentifier names another key
 * is a link; where identifiers are missing, another issuer's name makes it one. A TLS certificate outside the eMRTD PKI
 * is a communication certificate by all that can be read in it.
 *
 * @param isSelfSigned asked where neither identifiers nor names tell: many links keep the name and have no identifiers
 */
export function kindOf(certificate: Certificate, isSelfSigned: () => boolean): CertificateKind {
  if (claimsToBeCa(certificate)) return isLink(certificate, isSelfSigned) ? 'csca-link' : 'csca';
  const purposes = certificate.extendedKeyUsage;
  if (purposes !== undefined) {
    const known = kindsByPurpose.find(([purpose]) => purposes.includes(purpose));
    return known?.[1] ?? 'communication';
  }
  return isSameName(certificate.subject, certificate.issuer) ? 'csca' : 'document-signer';
}

function claimsToBeCa({ basicConstraints, keyUsage }: Certificate): boolean {
  return basicConstraints?.cA === true || keyUsage?.has('keyCertSign') === true;
}

function isLink(certificate: Certificate, isSelfSigned: () => boolean): boolean {
  if (!isSameName(certificate.subject, certificate.issuer)) return true;
  const own = certificate.subjectKeyIdentifier;
  const issuers = certificate.authorityKeyIdentifier?.keyIdentifier;
  if (own !== undefined && issuers !== undefined) return Buffer.compare(own, issuers) !== 0;
  return !isSelfSigned();
}
