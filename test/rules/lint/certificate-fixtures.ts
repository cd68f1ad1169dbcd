import { createHash, sign } from 'node:crypto';
import { encodeSignatureAlgorithm } from '../../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { keyAlgorithms } from '../../../src/formats/algorithms/signature-algorithms.ts';
import {
  bitString,
  boolean,
  contextConstructed,
  contextPrimitive,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  set,
  setOf,
  tlv,
  utf8String,
} from '../../../src/formats/der/writer.ts';
import { oids } from '../../../src/formats/oids.ts';
import {
  encodeCrlDistributionPoints,
  encodeExtKeyUsage,
  encodeKeyUsage,
  encodePrivateKeyUsagePeriod,
} from '../../../src/formats/x509/encode-extensions.ts';
import type { CertificateKind, CertificateLintOptions, Edition } from '../../../src/rules/lint/index.ts';
import {
  added,
  alternativeName,
  at,
  type CertificateParts,
  changed,
  cleanParts,
  contactUri,
  cscaParts,
  directoryName,
  ecAlgorithm,
  ecParameters,
  emptyRegister,
  generalizedTime,
  instant,
  keyFor,
  nameOf,
  rdn,
  shortName,
  signerKey,
  signWithoutNull,
  uri,
  utcTime,
  utopiaRdns,
  without,
  withSpki,
} from '../../support/lint-parts.ts';

/** How to break one rule, starting from the clean certificate of a kind. */
export interface CertificateFixture {
  readonly rule: string;
  readonly kind: CertificateKind;
  readonly edition?: Edition;
  /** The clean object to start from, where it is not that of the kind. */
  readonly from?: () => CertificateParts;
  readonly breaks?: (parts: CertificateParts) => CertificateParts;
  /** Inputs under which it is judged, clean and broken. */
  readonly inputs?: CertificateLintOptions;
  /** Inputs that break it, where not the certificate does. */
  readonly badInputs?: CertificateLintOptions;
  /** Judged before it is signed: the software keys cannot sign as it says. */
  readonly toBeSigned?: true;
  /** Rules that cannot but fire too, and why. */
  readonly also?: readonly [rules: readonly string[], why: string];
}

/** What the 6th edition wanted, made in its time. */
function sixthEdition(kind: 'csca' | 'csca-link' | 'document-signer'): CertificateParts {
  return without(without(cleanParts(kind), 'subjectAltName'), 'issuerAltName');
}

const algorithmOf = (name: string): Uint8Array => {
  const algorithm = keyAlgorithms.get(name);
  if (algorithm === undefined) throw new TypeError(`no key algorithm ${name}`);
  return encodeSignatureAlgorithm(algorithm.signature);
};

const signedBy = (algorithm: Uint8Array) => (parts: CertificateParts) => ({
  ...parts,
  signature: algorithm,
  signatureAlgorithm: algorithm,
});

const withSubject = (subject: Uint8Array) => (parts: CertificateParts) => ({ ...parts, subject });
const withName = (name: Uint8Array) => (parts: CertificateParts) => ({
  ...parts,
  subject: name,
  issuer: name,
});

const oid = (dotted: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  sequence(objectIdentifier(dotted), ...parameters);
const sha256 = (): Uint8Array => oid('2.16.840.1.101.3.4.2.1', nullValue());
const sha384 = (): Uint8Array => oid('2.16.840.1.101.3.4.2.2', nullValue());

/** RSASSA-PSS with SHA-256 and liberties. */
function pss(
  change: { mask?: Uint8Array | 'none'; salt?: number | 'none'; trailer?: true } = {},
): Uint8Array {
  const { mask = sha256(), salt = 32, trailer } = change;
  return sequence(
    objectIdentifier(oids.rsassaPss),
    sequence(
      contextConstructed(0, sha256()),
      ...(mask === 'none' ? [] : [contextConstructed(1, sequence(objectIdentifier(oids.mgf1), mask))]),
      ...(salt === 'none' ? [] : [contextConstructed(2, integer(salt))]),
      ...(trailer === true ? [contextConstructed(3, integer(1))] : []),
    ),
  );
}

/** The subjectPublicKey of an RSA key that nobody knows the factors of. */
function rsaKey(bits: number, exponent = 65_537): Uint8Array {
  const digits = createHash('shake256', { outputLength: bits / 8 })
    .update(`${bits}`)
    .digest();
  digits[0] = (digits[0] ?? 0) | 0x80;
  digits[digits.length - 1] = (digits[digits.length - 1] ?? 0) | 1;
  return sequence(integer(BigInt(`0x${digits.toString('hex')}`)), integer(exponent));
}

const rsaEncryption = oid(oids.rsaEncryption, nullValue());
const withRsa =
  (bits: number, exponent?: number, algorithm = rsaEncryption) =>
  (parts: CertificateParts): CertificateParts =>
    withSpki(parts, algorithm, rsaKey(bits, exponent));

/** The point of the signer's key on P-256. */
function point(): Uint8Array {
  const { value } = signerKey();
  if (value.kind !== 'ec') throw new TypeError('the signer has an EC key');
  return value.point;
}

const withEc = (parameters: Uint8Array, key?: Uint8Array) => (parts: CertificateParts) =>
  withSpki(parts, ecAlgorithm(parameters), key ?? point());

function compressedPoint(): Uint8Array {
  const whole = point();
  return Uint8Array.of(((whole[64] ?? 0) & 1) === 1 ? 0x03 : 0x02, ...whole.subarray(1, 33));
}

function pointBesideCurve(): Uint8Array {
  const whole = Uint8Array.from(point());
  whole[64] = (whole[64] ?? 0) ^ 1;
  return whole;
}

const period = (from: string, to: string): Uint8Array =>
  encodePrivateKeyUsagePeriod(instant(from), instant(to));
const types = (...list: readonly Uint8Array[]): Uint8Array => sequence(integer(0), set(...list));
const fullName = (...names: readonly Uint8Array[]): Uint8Array =>
  contextConstructed(0, contextConstructed(0, ...names));
const withoutIssuer = { issuer: undefined } as const;
const documentSigner = 'document-signer';
const isStrict = 'the strict reader behind C-DER refuses the same octets';

export const certificateFixtures: readonly CertificateFixture[] = [
  // the file
  {
    rule: 'C-READ',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, finish: (bytes) => bytes.subarray(0, -1) }),
  },
  {
    rule: 'C-DER',
    kind: documentSigner,
    breaks: (parts) => ({
      ...parts,
      finish: (bytes) => Uint8Array.of(0x30, 0x83, 0x00, ...bytes.subarray(2)),
    }),
  },
  {
    rule: 'C-DER-TRAILING',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, finish: (bytes) => Uint8Array.of(...bytes, 0) }),
  },
  {
    rule: 'C-DER-EXTENSIONS',
    kind: documentSigner,
    breaks: (parts) => {
      const value = alternativeName('UTO', contactUri);
      return changed(parts, 'subjectAltName', {
        value: Uint8Array.of(0x30, 0x81, ...value.subarray(1)),
      });
    },
  },
  // version and serial number
  {
    rule: 'C-VER',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, version: contextConstructed(0, integer(1)) }),
  },
  {
    rule: 'C-SER-NEGATIVE',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, serialNumber: integer(-(1n << 100n)) }),
  },
  {
    rule: 'C-SER-ZERO',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, serialNumber: integer(0) }),
    also: [['C-SER-RANDOM'], 'zero is one octet'],
  },
  {
    rule: 'C-SER-LENGTH',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, serialNumber: integer(1n << 160n) }),
  },
  {
    rule: 'C-SER-MINIMAL',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, serialNumber: tlv(0x02, Buffer.from('00010203040506070809', 'hex')) }),
    also: [['C-DER'], isStrict],
  },
  {
    rule: 'C-SER-UNIQUE',
    kind: documentSigner,
    badInputs: { register: { ...emptyRegister, hasSerialNumber: () => true } },
  },
  {
    rule: 'C-SER-RANDOM',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, serialNumber: integer(5) }),
  },
  {
    rule: 'C-SER-VDS',
    kind: 'vds-signer',
    breaks: (parts) => ({ ...parts, serialNumber: integer(1 << 20) }),
  },
  // algorithm
  {
    rule: 'C-ALG-SAME',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, signatureAlgorithm: oid(oids.ecdsaWithSha384, nullValue()) }),
  },
  {
    rule: 'C-ALG-KNOWN',
    kind: documentSigner,
    toBeSigned: true,
    breaks: signedBy(oid('1.3.101.112')),
  },
  {
    rule: 'C-ALG-DIGEST',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(oid(oids.ecdsaWithSha1)),
  },
  {
    rule: 'C-ALG-SHA1',
    kind: documentSigner,
    edition: 6,
    toBeSigned: true,
    inputs: withoutIssuer,
    from: () => sixthEdition('document-signer'),
    breaks: signedBy(oid(oids.ecdsaWithSha1)),
  },
  {
    rule: 'C-ALG-SHA224',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(oid(oids.ecdsaWithSha224)),
  },
  {
    rule: 'C-ALG-PSS-COMPLETE',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(pss({ salt: 'none' })),
  },
  {
    rule: 'C-ALG-PSS-MASK',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(pss({ mask: sha384() })),
  },
  {
    rule: 'C-ALG-PSS-SALT',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(pss({ salt: 20 })),
  },
  {
    rule: 'C-ALG-PSS-TRAILER',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(pss({ trailer: true })),
  },
  {
    rule: 'C-ALG-RSA-NULL',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(oid(oids.sha256WithRsaEncryption)),
    also: [['C-ALG-PKCS1'], 'only PKCS#1 v1.5 has NULL'],
  },
  {
    rule: 'C-ALG-ECDSA-ABSENT',
    kind: documentSigner,
    breaks: signedBy(oid(oids.ecdsaWithSha384, nullValue())),
  },
  {
    rule: 'C-ALG-PKCS1',
    kind: documentSigner,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(algorithmOf('rsassa-pkcs1-3072-sha256')),
  },
  {
    rule: 'C-ALG-FITS-KEY',
    kind: documentSigner,
    toBeSigned: true,
    breaks: signedBy(pss()),
  },
  {
    rule: 'C-ALG-CURVE-DIGEST',
    kind: documentSigner,
    toBeSigned: true,
    breaks: signedBy(algorithmOf('ecdsa-P-256-sha256')),
  },
  // names
  { rule: 'C-DN1-EMPTY', kind: documentSigner, breaks: withSubject(sequence()) },
  {
    rule: 'C-DN1-COUNTRY',
    kind: documentSigner,
    breaks: withSubject(sequence(rdn('commonName', utf8String('DS')))),
  },
  {
    rule: 'C-DN1-COUNTRY-ONCE',
    kind: documentSigner,
    breaks: withSubject(
      sequence(...utopiaRdns, rdn('countryName', printableString('UT')), rdn('commonName', utf8String('DS'))),
    ),
  },
  {
    rule: 'C-DN1-COUNTRY-LETTERS',
    kind: 'csca',
    breaks: withName(
      sequence(rdn('countryName', printableString('UTO')), rdn('commonName', utf8String('CSCA'))),
    ),
  },
  {
    rule: 'C-DN1-COUNTRY-CASE',
    kind: documentSigner,
    breaks: withSubject(
      sequence(rdn('countryName', printableString('ut')), rdn('commonName', utf8String('DS'))),
    ),
  },
  {
    rule: 'C-DN1-COUNTRY-TYPE',
    kind: documentSigner,
    breaks: withSubject(sequence(rdn('countryName', utf8String('UT')), rdn('commonName', utf8String('DS')))),
  },
  {
    rule: 'C-DN1-COUNTRY-KNOWN',
    kind: 'csca',
    breaks: withName(
      sequence(rdn('countryName', printableString('QQ')), rdn('commonName', utf8String('CSCA'))),
    ),
  },
  { rule: 'C-DN1-CN', kind: documentSigner, breaks: withSubject(sequence(...utopiaRdns)) },
  {
    rule: 'C-DN1-SERIAL-TYPE',
    kind: documentSigner,
    breaks: withSubject(
      sequence(...utopiaRdns, rdn('commonName', utf8String('DS')), rdn('serialNumber', utf8String('1'))),
    ),
  },
  {
    rule: 'C-DN1-STRING-TYPE',
    kind: documentSigner,
    breaks: withSubject(sequence(...utopiaRdns, rdn('commonName', tlv(0x14, Buffer.from('DS'))))),
  },
  {
    rule: 'C-DN1-CHARACTERS',
    kind: documentSigner,
    breaks: withSubject(sequence(...utopiaRdns, rdn('commonName', tlv(0x13, Buffer.from('DS_1'))))),
  },
  {
    rule: 'C-DN1-SINGLE-VALUED',
    kind: documentSigner,
    breaks: withSubject(
      sequence(
        ...utopiaRdns,
        setOf([
          sequence(objectIdentifier(oids.commonName), utf8String('DS')),
          sequence(objectIdentifier(oids.serialNumber), printableString('1')),
        ]),
      ),
    ),
  },
  { rule: 'C-DN1-ONLY-C-CN', kind: 'lds2-signer', breaks: withSubject(nameOf('VISA1')) },
  { rule: 'C-DN1-LDS2-CN', kind: 'lds2-signer', breaks: withSubject(shortName('VISASIGNER')) },
  { rule: 'C-DN1-VDS-CN', kind: 'vds-signer', breaks: withSubject(shortName('VDS')) },
  { rule: 'C-DN1-SPOC-CN', kind: 'spoc-client', breaks: withSubject(nameOf('spoc.example')) },
  {
    rule: 'C-DN2-ISSUER',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, issuer: nameOf('Another CSCA') }),
  },
  {
    rule: 'C-DN2-OCTETS',
    kind: documentSigner,
    breaks: (parts) => ({
      ...parts,
      issuer: sequence(...utopiaRdns, rdn('commonName', printableString('CSCA Utopia'))),
    }),
  },
  {
    rule: 'C-DN2-COUNTRY',
    kind: 'lds2-signer',
    breaks: withSubject(
      sequence(rdn('countryName', printableString('IT')), rdn('commonName', printableString('VISA1'))),
    ),
  },
  {
    rule: 'C-DN3-LENGTH',
    kind: documentSigner,
    breaks: withSubject(sequence(...utopiaRdns, rdn('commonName', utf8String('D'.repeat(65))))),
  },
  {
    rule: 'C-DN3-UNIQUE',
    kind: documentSigner,
    badInputs: { register: { ...emptyRegister, hasSubject: () => true } },
  },
  // validity
  {
    rule: 'C-VAL-UTCTIME',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, notBefore: utcTime('2602010000Z') }),
    also: [['C-DER'], isStrict],
  },
  {
    rule: 'C-VAL-GENERALIZEDTIME',
    kind: documentSigner,
    inputs: withoutIssuer,
    breaks: (parts) => ({ ...parts, notAfter: generalizedTime('20500101000000.5Z') }),
    also: [['C-DER'], isStrict],
  },
  {
    rule: 'C-VAL-CHOICE',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, notBefore: generalizedTime('20260201000000Z') }),
  },
  {
    rule: 'C-VAL-ORDER',
    kind: 'lds2-signer',
    breaks: (parts) => ({ ...parts, notAfter: at('2026-01-20') }),
  },
  {
    rule: 'C-VAL-ISSUER',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, notAfter: at('2041-01-01') }),
  },
  { rule: 'C-VAL-LINK', kind: 'csca-link', breaks: (parts) => ({ ...parts, notAfter: at('2041-01-01') }) },
  {
    rule: 'C-VAL-LIFETIME',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, notAfter: at('2036-04-30') }),
  },
  { rule: 'C-VAL-CSCA-LENGTH', kind: 'csca', breaks: (parts) => ({ ...parts, notAfter: at('2046-01-01') }) },
  { rule: 'C-VAL-ISSUER-PERIOD', kind: documentSigner, badInputs: { at: instant('2030-01-02') } },
  { rule: 'C-VAL-SPOC', kind: 'spoc-client', breaks: (parts) => ({ ...parts, notAfter: at('2028-01-01') }) },
  {
    rule: 'C-UID',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, uniqueIdentifiers: [contextPrimitive(1, Uint8Array.of(0, 1))] }),
  },
  // the key
  {
    rule: 'C-SPKI-KNOWN',
    kind: documentSigner,
    breaks: (parts) => withSpki(parts, oid('1.3.101.112'), new Uint8Array(32).fill(7)),
  },
  {
    rule: 'C-SPKI-EXPLICIT',
    kind: documentSigner,
    breaks: withEc(objectIdentifier('1.2.840.10045.3.1.7')),
  },
  { rule: 'C-SPKI-COFACTOR', kind: documentSigner, breaks: withEc(ecParameters({ cofactor: false })) },
  { rule: 'C-SPKI-SEED', kind: documentSigner, breaks: withEc(ecParameters({ seed: true })) },
  { rule: 'C-SPKI-COEFFICIENTS', kind: documentSigner, breaks: withEc(ecParameters({ paddedA: true })) },
  { rule: 'C-SPKI-BASE-POINT', kind: documentSigner, breaks: withEc(ecParameters({ compressed: true })) },
  {
    rule: 'C-SPKI-POINT',
    kind: documentSigner,
    breaks: (parts) => withEc(ecParameters(), compressedPoint())(parts),
  },
  { rule: 'C-SPKI-CURVE', kind: documentSigner, breaks: withEc(ecParameters({ otherB: true })) },
  {
    rule: 'C-SPKI-USABLE',
    kind: documentSigner,
    breaks: (parts) => withEc(ecParameters(), pointBesideCurve())(parts),
  },
  { rule: 'C-SPKI-SIZE', kind: documentSigner, breaks: withRsa(1024) },
  { rule: 'C-SPKI-SIZE-OLD', kind: documentSigner, edition: 7, breaks: withRsa(1024) },
  {
    rule: 'C-SPKI-CSCA-SIZE',
    kind: 'csca',
    breaks: () => cscaParts(keyFor('ecdsa-P-256-sha256', 'csca')),
  },
  { rule: 'C-SPKI-RSA-LARGE', kind: documentSigner, breaks: withRsa(8192) },
  { rule: 'C-SPKI-RSA-EXPONENT', kind: documentSigner, breaks: withRsa(3072, 3) },
  {
    rule: 'C-SPKI-RSA-OID',
    kind: documentSigner,
    breaks: withRsa(3072, undefined, oid(oids.rsassaPss)),
  },
  {
    rule: 'C-SPKI-RSA-NULL',
    kind: documentSigner,
    breaks: withRsa(3072, undefined, oid(oids.rsaEncryption)),
  },
  { rule: 'C-SPKI-ECDSA', kind: 'lds2-signer', breaks: withRsa(3072) },
  {
    rule: 'C-SPKI-UNIQUE',
    kind: documentSigner,
    badInputs: { register: { ...emptyRegister, hasKey: () => true } },
  },
  // extensions in general
  {
    rule: 'C-EXT-PRESENT',
    kind: 'lds2-signer',
    breaks: (parts) => ({ ...parts, extensions: undefined }),
    also: [['C-AKI-PRESENT', 'C-EKU-PRESENT'], 'no field, no mandatory extension in it'],
  },
  {
    rule: 'C-EXT-TWICE',
    kind: documentSigner,
    breaks: (parts) =>
      added(added(parts, '1.3.6.1.4.1.99999.1', nullValue()), '1.3.6.1.4.1.99999.1', nullValue()),
  },
  {
    rule: 'C-EXT-DEFAULT',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectAltName', { critical: 'written' }),
  },
  {
    rule: 'C-EXT-SYNTAX',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'certificatePolicies', integer(1)),
  },
  {
    rule: 'C-EXT-PRIVATE-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => added(parts, '1.3.6.1.4.1.99999.1', nullValue(), true),
  },
  {
    rule: 'C-EXT-INFO-ACCESS',
    kind: documentSigner,
    edition: 6,
    from: () => sixthEdition('document-signer'),
    breaks: (parts) => added(parts, 'authorityInfoAccess', sequence()),
  },
  {
    rule: 'C-EXT-INFO-ACCESS-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'authorityInfoAccess', sequence(), true),
  },
  {
    rule: 'C-EXT-POLICIES-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'certificatePolicies', sequence(oid('1.3.6.1.4.1.99999.2')), true),
  },
  ...(
    [
      ['C-EXT-POLICY-MAPPINGS', 'policyMappings'],
      ['C-EXT-SUBJECT-DIRECTORY-ATTRIBUTES', 'subjectDirectoryAttributes'],
      ['C-EXT-NAME-CONSTRAINTS', 'nameConstraints'],
      ['C-EXT-POLICY-CONSTRAINTS', 'policyConstraints'],
      ['C-EXT-INHIBIT-ANY-POLICY', 'inhibitAnyPolicy'],
      ['C-EXT-FRESHEST-CRL', 'freshestCRL'],
      ['C-EXT-NETSCAPE', 'netscapeCertType'],
    ] as const
  ).map(([rule, extension]): CertificateFixture => {
    return { rule, kind: documentSigner, breaks: (parts) => added(parts, extension, sequence()) };
  }),
  {
    rule: 'C-EXT-ONLY',
    kind: 'lds2-signer',
    breaks: (parts) => added(parts, 'keyUsage', encodeKeyUsage(['digitalSignature']), true),
  },
  // key identifiers
  {
    rule: 'C-AKI-PRESENT',
    kind: documentSigner,
    breaks: (parts) => without(parts, 'authorityKeyIdentifier'),
  },
  {
    rule: 'C-AKI-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'authorityKeyIdentifier', { critical: true }),
  },
  {
    rule: 'C-AKI-KEYID',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'authorityKeyIdentifier', { value: sequence() }),
  },
  {
    rule: 'C-AKI-PAIR',
    kind: documentSigner,
    breaks: (parts) => {
      const aki = parts.extensions?.[0]?.value ?? new Uint8Array();
      return changed(parts, 'authorityKeyIdentifier', {
        value: sequence(aki.subarray(2), contextPrimitive(2, Uint8Array.of(1))),
      });
    },
  },
  {
    rule: 'C-AKI-ROOT',
    kind: 'csca',
    breaks: (parts) =>
      changed(parts, 'authorityKeyIdentifier', {
        value: sequence(contextPrimitive(0, new Uint8Array(20))),
      }),
  },
  {
    rule: 'C-AKI-MATCH',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'authorityKeyIdentifier', {
        value: sequence(contextPrimitive(0, new Uint8Array(20))),
      }),
  },
  { rule: 'C-SKI-PRESENT', kind: 'csca', breaks: (parts) => without(parts, 'subjectKeyIdentifier') },
  {
    rule: 'C-SKI-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectKeyIdentifier', { critical: true }),
  },
  {
    rule: 'C-SKI-RECOMMENDED',
    kind: documentSigner,
    breaks: (parts) => without(parts, 'subjectKeyIdentifier'),
  },
  {
    rule: 'C-SKI-METHOD',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectKeyIdentifier', { value: octetString(new Uint8Array(20)) }),
  },
  {
    rule: 'C-SKI-SAME',
    kind: 'csca-link',
    badInputs: { register: { ...emptyRegister, keyIdentifiersOf: () => [new Uint8Array(20)] } },
  },
  // usage
  { rule: 'C-KU-PRESENT', kind: documentSigner, breaks: (parts) => without(parts, 'keyUsage') },
  {
    rule: 'C-KU-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'keyUsage', { critical: false }),
  },
  {
    rule: 'C-KU-BITS',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'keyUsage', { value: encodeKeyUsage(['digitalSignature', 'nonRepudiation']) }),
  },
  {
    rule: 'C-KU-ENCODING',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'keyUsage', { value: bitString(Uint8Array.of(0x80)) }),
  },
  {
    rule: 'C-PKUP-PRESENT',
    kind: documentSigner,
    breaks: (parts) => without(parts, 'privateKeyUsagePeriod'),
  },
  {
    rule: 'C-PKUP-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'privateKeyUsagePeriod', { critical: true }),
  },
  {
    rule: 'C-PKUP-EMPTY',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'privateKeyUsagePeriod', { value: sequence() }),
  },
  {
    rule: 'C-PKUP-BOTH',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'privateKeyUsagePeriod', {
        value: sequence(contextPrimitive(1, Buffer.from('20260501000000Z'))),
      }),
  },
  {
    rule: 'C-PKUP-TIME',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'privateKeyUsagePeriod', {
        value: sequence(
          contextPrimitive(0, Buffer.from('20260201000000.5Z')),
          contextPrimitive(1, Buffer.from('20260501000000Z')),
        ),
      }),
  },
  {
    rule: 'C-PKUP-ORDER',
    kind: 'master-list-signer',
    breaks: (parts) => changed(parts, 'privateKeyUsagePeriod', { value: period('2027-02-01', '2026-03-01') }),
  },
  {
    rule: 'C-PKUP-WITHIN',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'privateKeyUsagePeriod', { value: period('2026-01-31', '2026-04-01') }),
  },
  {
    rule: 'C-PKUP-LENGTH',
    kind: documentSigner,
    inputs: { longestUsage: { years: 1, months: 0, days: 0 } },
    breaks: (parts) =>
      changed({ ...parts, notAfter: at('2036-10-01') }, 'privateKeyUsagePeriod', {
        value: period('2026-02-01', '2026-09-01'),
      }),
  },
  {
    rule: 'C-PKUP-POLICY',
    kind: documentSigner,
    badInputs: { longestUsage: { years: 0, months: 1, days: 0 } },
  },
  // alternative names
  { rule: 'C-AN-SAN-PRESENT', kind: documentSigner, breaks: (parts) => without(parts, 'subjectAltName') },
  {
    rule: 'C-AN-SAN-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectAltName', { critical: true }),
  },
  {
    rule: 'C-AN-SAN-COUNTRY',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectAltName', { value: sequence(contactUri) }),
  },
  {
    rule: 'C-AN-SAN-ATTRIBUTES',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectAltName', { value: withOrganization() }),
  },
  {
    rule: 'C-AN-SAN-CODE',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectAltName', { value: alternativeName('uto', contactUri) }),
  },
  {
    rule: 'C-AN-SAN-CONTACT',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'subjectAltName', { value: alternativeName('UTO') }),
  },
  { rule: 'C-AN-IAN-PRESENT', kind: documentSigner, breaks: (parts) => without(parts, 'issuerAltName') },
  {
    rule: 'C-AN-IAN-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'issuerAltName', { critical: true }),
  },
  {
    rule: 'C-AN-IAN-COUNTRY',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'issuerAltName', { value: sequence(contactUri) }),
  },
  {
    rule: 'C-AN-IAN-ATTRIBUTES',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'issuerAltName', { value: withOrganization() }),
  },
  {
    rule: 'C-AN-IAN-CODE',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'issuerAltName', { value: alternativeName('uto', contactUri) }),
  },
  {
    rule: 'C-AN-IAN-CONTACT',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'issuerAltName', { value: alternativeName('UTO') }),
  },
  {
    rule: 'C-AN-ROOT',
    kind: 'csca',
    breaks: (parts) =>
      changed(parts, 'issuerAltName', { value: alternativeName('UTO', uri('https://old.example/')) }),
  },
  {
    rule: 'C-AN-LOCALITY',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'issuerAltName', { value: alternativeName('ITA', contactUri) }),
  },
  { rule: 'C-AN-MRZ', kind: documentSigner, badInputs: { mrzCode: 'ITA' } },
  {
    rule: 'C-AN-COUNTRY',
    kind: documentSigner,
    inputs: { mrzCode: undefined },
    breaks: (parts) => {
      const value = alternativeName('ITA', contactUri);
      return changed(changed(parts, 'subjectAltName', { value }), 'issuerAltName', { value });
    },
  },
  {
    rule: 'C-AN-IA5',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'subjectAltName', { value: alternativeName('UTO', uri('https://csc\u00e0.example/')) }),
  },
  {
    rule: 'C-AN-DNS',
    kind: 'spoc-server',
    breaks: (parts) => changed(parts, 'subjectAltName', { value: alternativeName('UTO', contactUri) }),
  },
  {
    rule: 'C-AN-EDITION-6',
    kind: documentSigner,
    edition: 6,
    from: () => sixthEdition('document-signer'),
    breaks: (parts) => added(parts, 'subjectAltName', alternativeName('UTO', contactUri)),
  },
  // basicConstraints
  { rule: 'C-BC-PRESENT', kind: 'csca', breaks: (parts) => without(parts, 'basicConstraints') },
  {
    rule: 'C-BC-CRITICAL',
    kind: 'csca',
    breaks: (parts) => changed(parts, 'basicConstraints', { critical: false }),
  },
  {
    rule: 'C-BC-ABSENT',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'basicConstraints', sequence(), true),
  },
  {
    rule: 'C-BC-CA',
    kind: 'csca',
    breaks: (parts) => changed(parts, 'basicConstraints', { value: sequence() }),
  },
  {
    rule: 'C-BC-PATHLEN',
    kind: 'csca',
    breaks: (parts) => changed(parts, 'basicConstraints', { value: sequence(boolean(true), integer(1)) }),
  },
  {
    rule: 'C-BC-DEFAULT',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'basicConstraints', sequence(boolean(false)), true),
    also: [['C-BC-ABSENT'], 'who writes cA FALSE writes the extension'],
  },
  // extKeyUsage
  { rule: 'C-EKU-PRESENT', kind: 'master-list-signer', breaks: (parts) => without(parts, 'extKeyUsage') },
  {
    rule: 'C-EKU-CRITICAL',
    kind: 'master-list-signer',
    breaks: (parts) => changed(parts, 'extKeyUsage', { critical: false }),
  },
  {
    rule: 'C-EKU-CRITICAL-REPORT',
    kind: 'dtc-signer',
    breaks: (parts) => changed(parts, 'extKeyUsage', { critical: false }),
  },
  {
    rule: 'C-EKU-ABSENT',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'extKeyUsage', encodeExtKeyUsage(['clientAuth']), true),
  },
  {
    rule: 'C-EKU-PURPOSE',
    kind: 'master-list-signer',
    breaks: (parts) =>
      changed(parts, 'extKeyUsage', { value: encodeExtKeyUsage(['deviationListSigningKey']) }),
  },
  {
    rule: 'C-EKU-ALONE',
    kind: 'master-list-signer',
    breaks: (parts) =>
      changed(parts, 'extKeyUsage', {
        value: encodeExtKeyUsage(['cscaMasterListSigningKey', 'clientAuth']),
      }),
  },
  {
    rule: 'C-EKU-FOREIGN',
    kind: 'lds2-signer',
    breaks: (parts) =>
      changed(parts, 'extKeyUsage', { value: encodeExtKeyUsage(['lds2VisaSigner', 'vdsSigner']) }),
  },
  {
    rule: 'C-EKU-ANY',
    kind: 'communication',
    breaks: (parts) => changed(parts, 'extKeyUsage', { value: sequence(objectIdentifier('2.5.29.37.0')) }),
  },
  // distribution points
  {
    rule: 'C-CDP-PRESENT',
    kind: documentSigner,
    breaks: (parts) => without(parts, 'cRLDistributionPoints'),
  },
  {
    rule: 'C-CDP-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'cRLDistributionPoints', { critical: true }),
  },
  {
    rule: 'C-CDP-POINT',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'cRLDistributionPoints', {
        value: sequence(sequence(fullName(uri('https://csca.example/UTO.crl'))), sequence()),
      }),
  },
  {
    rule: 'C-CDP-REASONS',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'cRLDistributionPoints', {
        value: sequence(
          sequence(
            fullName(uri('https://csca.example/UTO.crl')),
            contextPrimitive(1, Uint8Array.of(6, 0x40)),
          ),
        ),
      }),
  },
  {
    rule: 'C-CDP-ISSUER',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'cRLDistributionPoints', {
        value: sequence(
          sequence(
            fullName(uri('https://csca.example/UTO.crl')),
            contextConstructed(2, directoryName(...utopiaRdns)),
          ),
        ),
      }),
  },
  {
    rule: 'C-CDP-SCHEME',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'cRLDistributionPoints', {
        value: encodeCrlDistributionPoints(['ftp://csca.example/UTO.crl']),
      }),
  },
  {
    rule: 'C-CDP-HOST',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'cRLDistributionPoints', {
        value: encodeCrlDistributionPoints(['http://192.168.7.1/UTO.crl']),
      }),
  },
  {
    rule: 'C-CDP-LOCALHOST',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'cRLDistributionPoints', {
        value: encodeCrlDistributionPoints(['http://localhost:8443/UTO.crl']),
      }),
  },
  // documentTypeList
  { rule: 'C-DTL-PRESENT', kind: documentSigner, breaks: (parts) => without(parts, 'documentTypeList') },
  {
    rule: 'C-DTL-CRITICAL',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'documentTypeList', { critical: true }),
  },
  {
    rule: 'C-DTL-SYNTAX',
    kind: documentSigner,
    breaks: (parts) =>
      changed(parts, 'documentTypeList', { value: sequence(integer(1), set(printableString('P'))) }),
  },
  {
    rule: 'C-DTL-TYPES',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'documentTypeList', { value: types(tlv(0x13, Buffer.from('P<'))) }),
  },
  {
    rule: 'C-DTL-PLAUSIBLE',
    kind: documentSigner,
    breaks: (parts) => changed(parts, 'documentTypeList', { value: types(printableString('AI')) }),
  },
  {
    rule: 'C-DTL-ABSENT',
    kind: 'master-list-signer',
    breaks: (parts) => added(parts, 'documentTypeList', types(printableString('P'))),
  },
  {
    rule: 'C-DTL-DRAFT',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'documentTypeListDraft', types(printableString('P'))),
  },
  // nameChange
  { rule: 'C-NC-REQUIRED', kind: 'csca-link', breaks: withSubject(nameOf('CSCA of New Utopia')) },
  {
    rule: 'C-NC-NEEDLESS',
    kind: 'csca-link',
    breaks: (parts) => added(parts, 'nameChange', nullValue()),
  },
  {
    rule: 'C-NC-CRITICAL',
    kind: 'csca-link',
    breaks: (parts) =>
      added({ ...parts, subject: nameOf('CSCA of New Utopia') }, 'nameChange', nullValue(), true),
  },
  {
    rule: 'C-NC-ABSENT',
    kind: documentSigner,
    breaks: (parts) => added(parts, 'nameChange', nullValue()),
  },
  // signature
  {
    rule: 'C-SIG',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, sign: () => parts.sign(Uint8Array.of(0)) }),
  },
  {
    rule: 'C-SIG-DIGESTINFO',
    kind: 'csca',
    breaks: () => {
      const key = keyFor('rsassa-pkcs1-4096-sha256', 'csca');
      return { ...cscaParts(key), sign: (tbs) => signWithoutNull(key.privateKey, 'SHA-256', tbs) };
    },
    also: [['C-ALG-PKCS1'], 'only PKCS#1 v1.5 has a DigestInfo'],
  },
  {
    rule: 'C-SIG-VALUE',
    kind: documentSigner,
    breaks: (parts) => ({ ...parts, sign: rawSignature }),
  },
];

function withOrganization(): Uint8Array {
  return sequence(
    contactUri,
    directoryName(
      rdn('localityName', printableString('UTO')),
      rdn('organizationName', printableString('Utopia')),
    ),
  );
}

/** r‖s, as a token returns it. */
function rawSignature(toBeSigned: Uint8Array): Uint8Array {
  const { privateKey } = keyFor('ecdsa-P-384-sha384', 'csca');
  return sign('sha384', toBeSigned, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}
