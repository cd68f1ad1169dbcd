import { constants, createHash, type KeyObject, privateEncrypt } from 'node:crypto';
import { curveByName } from '../../src/formats/algorithms/curves.ts';
import { encodeSignatureAlgorithm } from '../../src/formats/algorithms/encode-algorithm-identifier.ts';
import {
  encodeEcParameters,
  encodeSubjectPublicKeyInfo,
  keyIdentifierOf,
  type PublicKeyValue,
} from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { type DigestName, digestByName } from '../../src/formats/algorithms/digests.ts';
import { keyAlgorithms } from '../../src/formats/algorithms/signature-algorithms.ts';
import {
  bitString,
  boolean,
  contextConstructed,
  contextPrimitive,
  integer,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  set,
  time,
  tlv,
  utf8String,
} from '../../src/formats/der/writer.ts';
import { type KnownOidName, oids } from '../../src/formats/oids.ts';
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraintsOfCa,
  encodeCrlDistributionPoints,
  encodeCrlNumber,
  encodeDocumentTypeList,
  encodeExtKeyUsage,
  encodeKeyUsage,
  encodePrivateKeyUsagePeriod,
  encodeSubjectKeyIdentifier,
  type KeyUsageBit,
} from '../../src/formats/x509/encode-extensions.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import type { CertificateKind, CertificateLintOptions } from '../../src/rules/lint/index.ts';
import { type SoftwareKey, signWith, softwareKey } from './software-pki.ts';

/**
 * Certificates and CRLs of Utopia in their parts, so that a test can break one part and sign again. What comes
 * from here unbroken is clean by every rule of the lint.
 */

export interface ExtensionPart {
  readonly oid: string;
  /** `written` writes the default FALSE out. */
  readonly critical: boolean | 'written';
  /** DER of the extension's own type. */
  readonly value: Uint8Array;
}

interface SignedParts {
  /** AlgorithmIdentifier inside and outside what is signed. */
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  /** Undefined: no field at all. */
  readonly extensions: readonly ExtensionPart[] | undefined;
  readonly sign: (toBeSigned: Uint8Array) => Uint8Array;
  /** Last change to the finished octets. */
  readonly finish: (bytes: Uint8Array) => Uint8Array;
}

export interface CertificateParts extends SignedParts {
  readonly version: Uint8Array;
  readonly serialNumber: Uint8Array;
  readonly notBefore: Uint8Array;
  readonly notAfter: Uint8Array;
  readonly subject: Uint8Array;
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly uniqueIdentifiers: readonly Uint8Array[];
}

export interface CrlParts extends SignedParts {
  readonly version: readonly Uint8Array[];
  readonly thisUpdate: Uint8Array;
  readonly nextUpdate: readonly Uint8Array[];
  /** revokedCertificates as a whole; none where nothing is revoked. */
  readonly revokedCertificates: readonly Uint8Array[];
}

function encodeExtensionPart({ oid, critical, value }: ExtensionPart): Uint8Array {
  const flag = critical === false ? [] : [boolean(critical === true)];
  return sequence(objectIdentifier(oid), ...flag, octetString(value));
}

function encodeExtensionParts(
  tag: number,
  parts: readonly ExtensionPart[] | undefined,
): readonly Uint8Array[] {
  if (parts === undefined) return [];
  return [contextConstructed(tag, sequence(...parts.map(encodeExtensionPart)))];
}

export function encodeTbs(parts: CertificateParts): Uint8Array {
  return sequence(
    parts.version,
    parts.serialNumber,
    parts.signature,
    parts.issuer,
    sequence(parts.notBefore, parts.notAfter),
    parts.subject,
    parts.subjectPublicKeyInfo,
    ...parts.uniqueIdentifiers,
    ...encodeExtensionParts(3, parts.extensions),
  );
}

export function encodeTbsCrl(parts: CrlParts): Uint8Array {
  return sequence(
    ...parts.version,
    parts.signature,
    parts.issuer,
    parts.thisUpdate,
    ...parts.nextUpdate,
    ...parts.revokedCertificates,
    ...encodeExtensionParts(0, parts.extensions),
  );
}

export function signParts(toBeSigned: Uint8Array, parts: SignedParts): Uint8Array {
  return parts.finish(sequence(toBeSigned, parts.signatureAlgorithm, bitString(parts.sign(toBeSigned))));
}

// --- changes ---------------------------------------------------------------------------------------------------

/** Takes one extension out. */
export function without<Parts extends SignedParts>(parts: Parts, name: KnownOidName): Parts {
  return { ...parts, extensions: parts.extensions?.filter(({ oid }) => oid !== oids[name]) };
}

/** Changes one extension that is there. */
export function changed<Parts extends SignedParts>(
  parts: Parts,
  name: KnownOidName,
  change: Partial<ExtensionPart>,
): Parts {
  const found = parts.extensions?.some(({ oid }) => oid === oids[name]);
  if (found !== true) throw new TypeError(`there is no ${name} to change`);
  const extensions = parts.extensions?.map((one) => (one.oid === oids[name] ? { ...one, ...change } : one));
  return { ...parts, extensions };
}

/** Adds an extension, by name or OID. */
export function added<Parts extends SignedParts>(
  parts: Parts,
  extension: KnownOidName | (string & {}),
  value: Uint8Array,
  critical: ExtensionPart['critical'] = false,
): Parts {
  const oid = extension in oids ? oids[extension as KnownOidName] : extension;
  return { ...parts, extensions: [...(parts.extensions ?? []), { oid, critical, value }] };
}

/** Gives a certificate another key, and the subjectKeyIdentifier that goes with it. */
export function withSpki(parts: CertificateParts, algorithm: Uint8Array, key: Uint8Array): CertificateParts {
  const subjectPublicKeyInfo = sequence(algorithm, bitString(key));
  const hasIdentifier = parts.extensions?.some(({ oid }) => oid === oids.subjectKeyIdentifier) === true;
  const value = octetString(createHash('sha1').update(key).digest());
  const next = { ...parts, subjectPublicKeyInfo };
  return hasIdentifier ? changed(next, 'subjectKeyIdentifier', { value }) : next;
}

// --- names -----------------------------------------------------------------------------------------------------

function attribute(type: KnownOidName, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oids[type]), value);
}

export function rdn(type: KnownOidName, value: Uint8Array): Uint8Array {
  return set(attribute(type, value));
}

export const utopiaRdns: readonly Uint8Array[] = [
  rdn('countryName', printableString('UT')),
  rdn('organizationName', utf8String('Utopia')),
];

export function nameOf(commonName: string): Uint8Array {
  return sequence(...utopiaRdns, rdn('commonName', utf8String(commonName)));
}

export function shortName(commonName: string): Uint8Array {
  return sequence(rdn('countryName', printableString('UT')), rdn('commonName', printableString(commonName)));
}

export function uri(value: string): Uint8Array {
  return contextPrimitive(6, Buffer.from(value, 'latin1'));
}

export function directoryName(...rdns: readonly Uint8Array[]): Uint8Array {
  return contextConstructed(4, sequence(...rdns));
}

export function alternativeName(code: string, ...others: readonly Uint8Array[]): Uint8Array {
  return sequence(...others, directoryName(rdn('localityName', printableString(code))));
}

export const contactUri = uri('https://csca.example/');

// --- times -----------------------------------------------------------------------------------------------------

export const instant = (day: string): Date => new Date(`${day}T00:00:00Z`);
export const at = (day: string): Uint8Array => time(instant(day));
export const utcTime = (text: string): Uint8Array => tlv(0x17, Buffer.from(text));
export const generalizedTime = (text: string): Uint8Array => tlv(0x18, Buffer.from(text));

// --- keys ------------------------------------------------------------------------------------------------------

const keys = new Map<string, SoftwareKey>();

/** One key for each type and role; RSA keys of one length serve all algorithms, because making them takes long. */
export function keyFor(algorithmName: string, role = ''): SoftwareKey {
  const algorithm = keyAlgorithms.get(algorithmName);
  if (algorithm === undefined) throw new TypeError(`no key algorithm ${algorithmName}`);
  const { key } = algorithm;
  const id = key.kind === 'rsa' ? `rsa ${key.modulusBits}` : `${key.curve} ${role}`;
  const known = keys.get(id) ?? softwareKey(algorithmName);
  keys.set(id, known);
  return { ...known, algorithm };
}

/** Explicit parameters of P-256 with liberties. */
export function ecParameters(
  change: {
    seed?: boolean;
    cofactor?: boolean;
    compressed?: boolean;
    paddedA?: boolean;
    otherB?: boolean;
  } = {},
): Uint8Array {
  const curve = curveByName('P-256');
  const hex = (digits: string): Uint8Array => Buffer.from(digits, 'hex');
  const parameters = encodeEcParameters(curve);
  if (Object.keys(change).length === 0) return parameters;
  const b = hex(curve.b);
  if (change.otherB === true) b[31] = (b[31] ?? 0) ^ 1;
  const a = hex(change.paddedA === true ? `00${curve.a}` : curve.a);
  const isOdd = (Number.parseInt(curve.gy.slice(-1), 16) & 1) === 1;
  const base = change.compressed === true ? `${isOdd ? '03' : '02'}${curve.gx}` : `04${curve.gx}${curve.gy}`;
  return sequence(
    integer(1),
    sequence(objectIdentifier(oids.primeField), integer(BigInt(`0x${curve.p}`))),
    sequence(
      octetString(a),
      octetString(b),
      ...(change.seed === true ? [bitString(hex('c49d360886e704936a6678e1139d26b7819f7e90'))] : []),
    ),
    octetString(hex(base)),
    integer(BigInt(`0x${curve.n}`)),
    ...(change.cofactor === false ? [] : [integer(1)]),
  );
}

export function ecAlgorithm(parameters: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oids.idEcPublicKey), parameters);
}

/** PKCS#1 v1.5 whose DigestInfo has no NULL, as some tokens make it. */
export function signWithoutNull(key: KeyObject, digest: DigestName, data: Uint8Array): Uint8Array {
  const { oid, node } = digestByName(digest);
  const digestInfo = sequence(
    sequence(objectIdentifier(oid)),
    octetString(createHash(node).update(data).digest()),
  );
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo);
}

// --- clean objects ---------------------------------------------------------------------------------------------

const caUsage: readonly KeyUsageBit[] = ['keyCertSign', 'cRLSign'];
const distributionPoints = encodeCrlDistributionPoints(['https://csca.example/crl/UTO.crl']);
const signerSerialNumber = integer(BigInt('0x5a17b1c9d3e4f60718293a4b5c6d7e8f'));
const caSerialNumber = integer(BigInt('0x2b8e03f1a6c94d750e61b2d3f4a58697'));

/** Who signs: a key under a name, with the certificate that says so. */
export interface Issuer {
  readonly key: SoftwareKey;
  readonly name: Uint8Array;
  readonly certificate: Uint8Array;
}

function part(name: KnownOidName, value: Uint8Array, critical = false): ExtensionPart {
  return { oid: oids[name], critical, value };
}

function partsOf(
  signer: SoftwareKey,
  fields: Pick<CertificateParts, 'issuer' | 'subject' | 'notBefore' | 'notAfter' | 'extensions'> & {
    readonly key: PublicKeyValue;
  },
): CertificateParts {
  const { key, ...rest } = fields;
  const signature = encodeSignatureAlgorithm(signer.algorithm.signature);
  return {
    version: contextConstructed(0, integer(2)),
    serialNumber: signerSerialNumber,
    signature,
    signatureAlgorithm: signature,
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo(key, 'explicit'),
    uniqueIdentifiers: [],
    sign: (toBeSigned) => signWith(signer, toBeSigned),
    finish: (bytes) => bytes,
    ...rest,
  };
}

function caExtensions(
  own: PublicKeyValue,
  issuers: PublicKeyValue,
  usage: readonly [Date, Date],
): readonly ExtensionPart[] {
  return [
    part('authorityKeyIdentifier', encodeAuthorityKeyIdentifier(keyIdentifierOf(issuers))),
    part('subjectKeyIdentifier', encodeSubjectKeyIdentifier(keyIdentifierOf(own))),
    part('keyUsage', encodeKeyUsage(caUsage), true),
    part('privateKeyUsagePeriod', encodePrivateKeyUsagePeriod(...usage)),
    part('subjectAltName', alternativeName('UTO', contactUri)),
    part('issuerAltName', alternativeName('UTO', contactUri)),
    part('basicConstraints', encodeBasicConstraintsOfCa(0), true),
    part('cRLDistributionPoints', distributionPoints),
  ];
}

const cscaName = nameOf('CSCA Utopia');

export function cscaParts(key: SoftwareKey): CertificateParts {
  const parts = partsOf(key, {
    issuer: cscaName,
    subject: cscaName,
    notBefore: at('2026-01-01'),
    notAfter: at('2040-04-01'),
    extensions: caExtensions(key.value, key.value, [instant('2026-01-01'), instant('2030-01-01')]),
    key: key.value,
  });
  return { ...parts, serialNumber: caSerialNumber };
}

const issuers = new Map<string, Issuer>();

/** The same certificate each time: ECDSA would sign it otherwise every time. */
export function issuerOf(key: SoftwareKey): Issuer {
  const id = `${key.algorithm.name} ${Buffer.from(keyIdentifierOf(key.value)).toString('hex')}`;
  const known = issuers.get(id);
  if (known !== undefined) return known;
  const parts = cscaParts(key);
  const issuer = { key, name: parts.subject, certificate: signParts(encodeTbs(parts), parts) };
  issuers.set(id, issuer);
  return issuer;
}

/** The new key of the CSCA, certified by the old one. */
export function linkParts(issuer: Issuer, key: SoftwareKey): CertificateParts {
  return partsOf(issuer.key, {
    issuer: issuer.name,
    subject: cscaName,
    notBefore: at('2029-06-01'),
    notAfter: at('2040-04-01'),
    extensions: caExtensions(key.value, issuer.key.value, [instant('2029-06-01'), instant('2033-06-01')]),
    key: key.value,
  });
}

interface SignerKind {
  readonly subject: Uint8Array;
  readonly notAfter?: string;
  readonly usage?: readonly [string, string];
  readonly bits?: readonly KeyUsageBit[];
  readonly purposes?: readonly KnownOidName[];
  readonly more?: readonly ExtensionPart[];
  /** Tables 7 and 8. */
  readonly isMinimal?: boolean;
  readonly subjectAltName?: Uint8Array;
}

const signerKinds: Record<Exclude<CertificateKind, 'csca' | 'csca-link'>, SignerKind> = {
  'document-signer': {
    subject: nameOf('Document Signer 1'),
    usage: ['2026-02-01', '2026-05-01'],
    more: [part('documentTypeList', encodeDocumentTypeList(['P']))],
  },
  'dtc-signer': {
    subject: nameOf('DTC Signer 1'),
    usage: ['2026-02-01', '2026-05-01'],
    purposes: ['dtcSigner'],
  },
  'master-list-signer': {
    subject: nameOf('Master List Signer 1'),
    usage: ['2026-02-01', '2028-02-01'],
    purposes: ['cscaMasterListSigningKey'],
  },
  'deviation-list-signer': {
    subject: nameOf('Deviation List Signer 1'),
    purposes: ['deviationListSigningKey'],
  },
  communication: {
    subject: nameOf('pkd.example'),
    bits: ['digitalSignature'],
    purposes: ['serverAuth', 'clientAuth'],
    notAfter: '2027-02-01',
  },
  'spoc-client': {
    subject: nameOf('SPOC TLS client'),
    purposes: ['spocClient'],
    notAfter: '2027-02-01',
  },
  'spoc-server': {
    subject: nameOf('SPOC TLS server'),
    purposes: ['spocServer'],
    notAfter: '2027-02-01',
    subjectAltName: alternativeName('UTO', contextPrimitive(2, Buffer.from('spoc.example'))),
  },
  'lds2-signer': { subject: shortName('VISA1'), purposes: ['lds2VisaSigner'], isMinimal: true },
  'vds-signer': { subject: shortName('V1'), purposes: ['vdsSigner'], isMinimal: true },
  'vds-nc-signer': { subject: shortName('H1'), purposes: ['vdsNcSigner'], isMinimal: true },
};

export function signerParts(
  kind: Exclude<CertificateKind, 'csca' | 'csca-link'>,
  issuer: Issuer,
  key: SoftwareKey,
): CertificateParts {
  const of = signerKinds[kind];
  const parts = partsOf(issuer.key, {
    issuer: issuer.name,
    subject: of.subject,
    notBefore: at('2026-02-01'),
    notAfter: at(of.notAfter ?? '2036-05-01'),
    extensions: of.isMinimal === true ? minimalExtensions(of, issuer) : signerExtensions(of, issuer, key),
    key: key.value,
  });
  return kind === 'vds-signer' ? { ...parts, serialNumber: integer(0xa1b2c) } : parts;
}

function minimalExtensions({ purposes = [] }: SignerKind, issuer: Issuer): readonly ExtensionPart[] {
  return [
    part('authorityKeyIdentifier', encodeAuthorityKeyIdentifier(keyIdentifierOf(issuer.key.value))),
    part('extKeyUsage', encodeExtKeyUsage(purposes), true),
  ];
}

function signerExtensions(of: SignerKind, issuer: Issuer, key: SoftwareKey): readonly ExtensionPart[] {
  const [from, to] = of.usage ?? [];
  const usage =
    from === undefined || to === undefined
      ? []
      : [part('privateKeyUsagePeriod', encodePrivateKeyUsagePeriod(instant(from), instant(to)))];
  const purpose =
    of.purposes === undefined ? [] : [part('extKeyUsage', encodeExtKeyUsage(of.purposes), true)];
  return [
    part('authorityKeyIdentifier', encodeAuthorityKeyIdentifier(keyIdentifierOf(issuer.key.value))),
    part('subjectKeyIdentifier', encodeSubjectKeyIdentifier(keyIdentifierOf(key.value))),
    part('keyUsage', encodeKeyUsage(of.bits ?? ['digitalSignature']), true),
    ...usage,
    part('subjectAltName', of.subjectAltName ?? alternativeName('UTO', contactUri)),
    part('issuerAltName', alternativeName('UTO', contactUri)),
    ...purpose,
    part('cRLDistributionPoints', distributionPoints),
    ...(of.more ?? []),
  ];
}

/** A CRL that revokes two certificates. */
export function crlParts(issuer: Issuer): CrlParts {
  const signature = encodeSignatureAlgorithm(issuer.key.algorithm.signature);
  return {
    version: [integer(1)],
    signature,
    signatureAlgorithm: signature,
    issuer: issuer.name,
    thisUpdate: at('2026-03-01'),
    nextUpdate: [at('2026-05-01')],
    revokedCertificates: [sequence(revoked(17n, at('2026-02-10')), revoked(18n, at('2026-02-11')))],
    extensions: [
      part('authorityKeyIdentifier', encodeAuthorityKeyIdentifier(keyIdentifierOf(issuer.key.value))),
      part('cRLNumber', encodeCrlNumber(7n)),
    ],
    sign: (toBeSigned) => signWith(issuer.key, toBeSigned),
    finish: (bytes) => bytes,
  };
}

export function revoked(
  serial: bigint,
  date: Uint8Array,
  ...extensions: readonly ExtensionPart[]
): Uint8Array {
  const encoded = extensions.map(encodeExtensionPart);
  return sequence(integer(serial), date, ...(encoded.length === 0 ? [] : [sequence(...encoded)]));
}

// --- what they are judged with ---------------------------------------------------------------------------------

export const cscaKey = (): SoftwareKey => keyFor('ecdsa-P-384-sha384', 'csca');
export const newCscaKey = (): SoftwareKey => keyFor('ecdsa-P-384-sha384', 'new csca');
export const signerKey = (): SoftwareKey => keyFor('ecdsa-P-256-sha256', 'signer');

/** The clean certificate of a kind. */
export function cleanParts(kind: CertificateKind): CertificateParts {
  if (kind === 'csca') return cscaParts(cscaKey());
  const issuer = issuerOf(cscaKey());
  return kind === 'csca-link' ? linkParts(issuer, newCscaKey()) : signerParts(kind, issuer, signerKey());
}

/** A register in which nothing was issued before. */
export const emptyRegister: NonNullable<CertificateLintOptions['register']> = {
  hasSerialNumber: () => false,
  hasKey: () => false,
  hasSubject: () => false,
  keyIdentifiersOf: () => [],
};

/** All inputs, so that every rule is judged. */
export function inputsOf(kind: CertificateKind): CertificateLintOptions {
  return {
    kind,
    edition: 8,
    issuer: decodeCertificate(issuerOf(cscaKey()).certificate),
    register: emptyRegister,
    at: instant(kind === 'csca-link' ? '2029-06-01' : '2026-02-01'),
    mrzCode: 'UTO',
    longestSigned: { years: 10, months: kind === 'csca' ? 3 : 0, days: 0 },
    longestUsage: { years: kind === 'document-signer' || kind === 'dtc-signer' ? 0 : 4, months: 3, days: 0 },
  };
}
