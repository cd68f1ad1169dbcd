import type { KnownOidName } from '../../formats/oids.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { ProfileKind, CertificateProfile } from './certificate-profile.ts';
import { addPeriod, type Period } from './period.ts';

type ExtensionName = keyof CertificateProfile['extensions'];
/** m: must be there, o: may, x: must not. C: critical, nc: not critical. */
type Cell = 'm C' | 'm nc' | 'o nc' | 'x';
type Column = Readonly<Record<ExtensionName, Cell>>;

/** What Doc 9303-12 asks of the certificates of one kind. */
interface Requirements {
  readonly source: string;
  readonly extensions: Column;
  /** Exactly these bits; undefined where keyUsage is up to the protocol or must be absent. */
  readonly keyUsage: readonly string[] | undefined;
  readonly purposes: Purposes | undefined;
  readonly ecdsaOnly: boolean;
  /** Longest privateKeyUsage in days, with the days that months may be longer. */
  readonly longestUsageDays: number | undefined;
  /** Table 1 gives a shortest one too, which calendar periods are held against whatever day they begin. */
  readonly shortestUsage: Period | undefined;
  /** What `certificate` covers; undefined where the issuer is free. */
  readonly covers: Coverage | undefined;
}

/** extKeyUsage: exactly the one purpose of the kind, or one or several of those the kind may have. */
type Purposes = { readonly only: KnownOidName } | { readonly someOf: readonly KnownOidName[] };

/** The use of the key and the longest life of what it signs; or, for what is on a chip, that life alone (§4.1.2). */
type Coverage = 'usage-and-signed' | 'signed';

const root: Column = {
  authorityKeyIdentifier: 'o nc',
  subjectKeyIdentifier: 'm nc',
  keyUsage: 'm C',
  privateKeyUsagePeriod: 'm nc',
  subjectAltName: 'm nc',
  issuerAltName: 'm nc',
  basicConstraints: 'm C',
  extKeyUsage: 'x',
  cRLDistributionPoints: 'm nc',
  documentTypeList: 'x',
  nameChange: 'x',
};
const link: Column = { ...root, authorityKeyIdentifier: 'm nc', nameChange: 'm nc' };
const documentSigner: Column = {
  authorityKeyIdentifier: 'm nc',
  subjectKeyIdentifier: 'o nc',
  keyUsage: 'm C',
  privateKeyUsagePeriod: 'm nc',
  subjectAltName: 'm nc',
  issuerAltName: 'm nc',
  basicConstraints: 'x',
  extKeyUsage: 'x',
  cRLDistributionPoints: 'm nc',
  documentTypeList: 'm nc',
  nameChange: 'x',
};
const listSigner: Column = {
  ...documentSigner,
  privateKeyUsagePeriod: 'o nc',
  extKeyUsage: 'm C',
  documentTypeList: 'x',
};
const communication: Column = { ...listSigner, cRLDistributionPoints: 'o nc' };
/** Tables 7 and 8: small enough for a chip or a seal. */
const minimal: Column = {
  authorityKeyIdentifier: 'm nc',
  subjectKeyIdentifier: 'x',
  keyUsage: 'x',
  privateKeyUsagePeriod: 'x',
  subjectAltName: 'x',
  issuerAltName: 'x',
  basicConstraints: 'x',
  extKeyUsage: 'm C',
  cRLDistributionPoints: 'x',
  documentTypeList: 'x',
  nameChange: 'x',
};

const caBits = ['keyCertSign', 'cRLSign'];
const signerBits = ['digitalSignature'];
const plain = {
  keyUsage: undefined,
  purposes: undefined,
  ecdsaOnly: false,
  longestUsageDays: undefined,
  shortestUsage: undefined,
  covers: undefined,
};
const months = (count: number): Period => ({ years: 0, months: count, days: 0 });
/** Bar-code and LDS2 signers: one to two years. */
const oneToTwoYears = { longestUsageDays: 2 * 366, shortestUsage: months(12) };
const table6 = 'Doc 9303-12 §7.1 Table 6';

/**
 * Access certificates are no part of the eMRTD PKI and follow RFC 5280. VDS-NC follows the LDS2 form and DTC
 * the Document Signer's with its own purpose: the technical reports are not at hand, and these are the readings
 * of those who cite them.
 */
const requirements: Partial<Record<ProfileKind, Requirements>> = {
  csca: {
    ...plain,
    source: table6,
    extensions: root,
    keyUsage: caBits,
    longestUsageDays: 5 * 366,
    covers: 'usage-and-signed',
  },
  'csca-link': { ...plain, source: table6, extensions: link, keyUsage: caBits },
  'document-signer': {
    ...plain,
    source: table6,
    extensions: documentSigner,
    keyUsage: signerBits,
    longestUsageDays: 100,
    covers: 'usage-and-signed',
  },
  'master-list-signer': {
    ...plain,
    source: table6,
    extensions: listSigner,
    keyUsage: signerBits,
    purposes: { only: 'cscaMasterListSigningKey' },
  },
  'deviation-list-signer': {
    ...plain,
    source: table6,
    extensions: listSigner,
    keyUsage: signerBits,
    purposes: { only: 'deviationListSigningKey' },
  },
  communication: {
    ...plain,
    source: table6,
    extensions: communication,
    purposes: { someOf: ['serverAuth', 'clientAuth'] },
  },
  'spoc-client': {
    ...plain,
    source: 'Doc 9303-12 §7.2.1',
    extensions: { ...communication, cRLDistributionPoints: 'm nc' },
    purposes: { only: 'spocClient' },
  },
  'spoc-server': {
    ...plain,
    source: 'Doc 9303-12 §7.2.1',
    extensions: { ...communication, cRLDistributionPoints: 'm nc' },
    purposes: { only: 'spocServer' },
  },
  'lds2-signer': {
    ...plain,
    source: 'Doc 9303-12 §7.1.2 Table 7',
    extensions: minimal,
    purposes: { someOf: ['lds2TravelStampSigner', 'lds2VisaSigner', 'lds2BiometricsSigner'] },
    ecdsaOnly: true,
    ...oneToTwoYears,
    covers: 'signed',
  },
  'vds-signer': {
    ...plain,
    source: 'Doc 9303-12 §7.1.3 Table 8',
    extensions: { ...minimal, documentTypeList: 'o nc' },
    purposes: { only: 'vdsSigner' },
    ecdsaOnly: true,
    ...oneToTwoYears,
    covers: 'usage-and-signed',
  },
  'vds-nc-signer': {
    ...plain,
    source: 'ICAO technical report VDS-NC',
    extensions: minimal,
    purposes: { only: 'vdsNcSigner' },
    ecdsaOnly: true,
    ...oneToTwoYears,
    covers: 'usage-and-signed',
  },
  'dtc-signer': {
    ...plain,
    source: 'ICAO technical report DTC',
    extensions: { ...documentSigner, extKeyUsage: 'm C', documentTypeList: 'o nc' },
    keyUsage: signerBits,
    purposes: { only: 'dtcSigner' },
    longestUsageDays: 100,
    covers: 'usage-and-signed',
  },
};

type Refuse = (key: string, reason: string, source?: string) => never;

/**
 * @param at file, line and key of a path in the profile
 * @throws MalformedInput on the first departure from the standard, naming file, line, key and clause
 */
export function checkAgainstStandard(profile: CertificateProfile, at: (path: string) => string): void {
  const required = requirements[profile.kind];
  if (required === undefined) return;
  const refuse: Refuse = (key, reason, source = required.source) => {
    throw new MalformedInput(at(key), reason, { source });
  };
  checkExtensions(profile, required, refuse);
  checkKeys(profile, required, refuse);
  checkSubject(profile, required, refuse);
  checkPeriods(profile, required, refuse);
  checkRotation(profile, refuse);
  if ((profile.kind === 'csca') !== (profile.issuer === 'self')) {
    refuse('issuer', 'must be self for a CSCA and csca for what it issues', 'Doc 9303-12 §2');
  }
}

function checkExtensions(profile: CertificateProfile, required: Requirements, refuse: Refuse): void {
  for (const [name, cell] of Object.entries(required.extensions) as [ExtensionName, Cell][]) {
    const extension = profile.extensions[name];
    if (extension === undefined) {
      if (cell.startsWith('m')) refuse(`extensions.${name}`, `must be present in a ${profile.kind} profile`);
      continue;
    }
    if (cell === 'x') refuse(`extensions.${name}`, `must not be present in a ${profile.kind} profile`);
    if (extension.critical !== cell.endsWith(' C')) {
      refuse(`extensions.${name}.critical`, `must be ${cell.endsWith(' C')}`);
    }
  }
  const { keyUsage, extKeyUsage, subjectAltName } = profile.extensions;
  if (required.keyUsage !== undefined && !sameSet(required.keyUsage, keyUsage?.bits)) {
    refuse('extensions.keyUsage.bits', `must be exactly ${required.keyUsage.join(', ')}`);
  }
  checkPurposes(required.purposes, extKeyUsage?.purposes ?? [], refuse);
  if (subjectAltName !== undefined && !subjectAltName.countryCode) {
    refuse('extensions.subjectAltName.countryCode', 'must be true', 'Doc 9303-12 §7.1.1.2');
  }
  if (profile.kind === 'spoc-server' && subjectAltName?.hosts !== true) {
    refuse('extensions.subjectAltName.hosts', 'must be true: the host of the SPOC URL');
  }
}

function checkPurposes(wanted: Purposes | undefined, asked: readonly KnownOidName[], refuse: Refuse): void {
  if (wanted === undefined) return;
  const key = 'extensions.extKeyUsage.purposes';
  const source = 'Doc 9303-12 §7.1.1.3 (rule C-EKU)';
  if ('only' in wanted) {
    if (!sameSet([wanted.only], asked)) refuse(key, `must be exactly ${wanted.only}`, source);
    return;
  }
  if (asked.length === 0 || !asked.every((purpose) => wanted.someOf.includes(purpose))) {
    refuse(key, `must be of ${wanted.someOf.join(', ')} and nothing else`, source);
  }
}

function sameSet(wanted: readonly string[], asked: readonly string[] | undefined): boolean {
  return asked?.length === wanted.length && wanted.every((item) => asked.includes(item));
}

function checkKeys(profile: CertificateProfile, required: Requirements, refuse: Refuse): void {
  const isTls = profile.kind === 'communication' || profile.kind.startsWith('spoc-');
  if (!isTls && profile.keys.ecParameters !== 'explicit') {
    refuse('keys.ecParameters', 'must be explicit', 'Doc 9303-12 §4.1.6.3');
  }
  if (required.ecdsaOnly && profile.keys.allowed.some((name) => !name.startsWith('ecdsa-'))) {
    refuse('keys.allowed', 'must be ECDSA only', 'Doc 9303-12 §4.1.7 and §4.1.8');
  }
}

function checkSubject(profile: CertificateProfile, required: Requirements, refuse: Refuse): void {
  const isLink = profile.kind === 'csca-link';
  if ((profile.subject === 'of-successor') !== isLink) refuse('subject', 'of-successor is for links only');
  if (profile.subject === 'of-successor') return;
  const types = profile.subject.flatMap((entry) => Object.keys(entry));
  for (const type of ['countryName', 'commonName']) {
    if (!types.includes(type)) refuse('subject', `must have ${type}`, 'Doc 9303-12 Table 5');
  }
  if (required.extensions.keyUsage === 'x' && types.length !== 2) {
    refuse('subject', 'must be countryName and commonName alone');
  }
}

function checkPeriods(profile: CertificateProfile, required: Requirements, refuse: Refuse): void {
  if ((profile.validity === 'of-successor') !== (profile.kind === 'csca-link')) {
    refuse('validity', 'of-successor is for links only');
  }
  if (profile.validity === 'of-successor') return;
  const { certificate, privateKeyUsage, longestSigned } = profile.validity;
  checkSpocValidity(profile.kind, certificate, refuse);
  if (privateKeyUsage === undefined) {
    if (required.covers !== undefined || profile.extensions.privateKeyUsagePeriod !== undefined) {
      refuse('validity.privateKeyUsage', 'is needed: how long the key is used', 'Doc 9303-12 Table 1');
    }
    return;
  }
  checkUsage(privateKeyUsage, required, refuse);
  if (required.covers !== undefined && longestSigned === undefined) {
    refuse('validity.longestSigned', 'is needed: the longest validity of what is signed', coverageSource);
  }
  const isUsageCovered = required.covers !== 'signed';
  const needed = (isUsageCovered ? longestDays(privateKeyUsage) : 0) + longestDays(longestSigned ?? noTime);
  if (longestDays(certificate) < Math.max(needed, longestDays(privateKeyUsage))) {
    refuse(
      'validity.certificate',
      'must cover key usage and the longest validity of what is signed',
      coverageSource,
    );
  }
}

/** Doc 9303-12 Table 1: 6 to 18 months, on whatever day they begin. */
function checkSpocValidity(kind: ProfileKind, certificate: Period, refuse: Refuse): void {
  if (kind !== 'spoc-client' && kind !== 'spoc-server') return;
  if (isNeverShorter(certificate, months(6)) && isNeverShorter(months(18), certificate)) return;
  refuse('validity.certificate', 'must be 6 to 18 months', 'Doc 9303-12 Table 1 (rule C-VAL-SPOC)');
}

function checkUsage(privateKeyUsage: Period, required: Requirements, refuse: Refuse): void {
  const { longestUsageDays, shortestUsage } = required;
  const source = 'Doc 9303-12 Table 1';
  if (longestUsageDays !== undefined && shortestDays(privateKeyUsage) > longestUsageDays) {
    refuse('validity.privateKeyUsage', `must not be longer than ${longestUsageDays} days`, source);
  }
  if (shortestUsage !== undefined && !isNeverShorter(privateKeyUsage, shortestUsage)) {
    refuse('validity.privateKeyUsage', 'must be one to two years', source);
  }
}

function checkRotation({ kind, rotation }: CertificateProfile, refuse: Refuse): void {
  const source = 'Doc 9303-12 §4.1.4.3';
  if (kind !== 'csca') {
    if (rotation?.notice ?? rotation?.rest) refuse('rotation', 'notice and rest are for the CSCA only');
    return;
  }
  if (rotation?.notice === undefined || longestDays(rotation.notice) < 90) {
    refuse('rotation.notice', 'must be at least 90 days', source);
  }
  if (rotation?.rest === undefined || longestDays(rotation.rest) < 2) {
    refuse('rotation.rest', 'must be at least two days', source);
  }
}

const coverageSource = 'Doc 9303-12 §4.1.1, §4.1.2 and Table 1';
const noTime = months(0);

/** Months of 31 days, so that sums of months compare as months do. */
function longestDays({ years, months: count, days }: Period): number {
  return (years * 12 + count) * 31 + days;
}

function shortestDays({ years, months: count, days }: Period): number {
  return years * 365 + count * 28 + days;
}

/** Whether `period` ends no earlier than `other`, whatever the month that both begin in. */
function isNeverShorter(period: Period, other: Period): boolean {
  const fourYears = Array.from({ length: 48 }, (_, month) => new Date(Date.UTC(2026, month, 1)));
  return fourYears.every((start) => addPeriod(start, period) >= addPeriod(start, other));
}
