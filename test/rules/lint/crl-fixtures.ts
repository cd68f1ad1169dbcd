import { sign } from 'node:crypto';
import {
  contextConstructed,
  contextPrimitive,
  integer,
  nullValue,
  objectIdentifier,
  printableString,
  sequence,
  tlv,
  utf8String,
} from '../../../src/formats/der/writer.ts';
import { type KnownOidName, oids } from '../../../src/formats/oids.ts';
import { decodeCertificate } from '../../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../../src/formats/x509/crl.ts';
import type { CrlLintOptions, Edition } from '../../../src/rules/lint/index.ts';
import {
  added,
  alternativeName,
  at,
  changed,
  type CrlParts,
  crlParts,
  cscaKey,
  directoryName,
  encodeTbsCrl,
  generalizedTime,
  issuerOf,
  keyFor,
  nameOf,
  newCscaKey,
  rdn,
  revoked,
  signParts,
  signWithoutNull,
  utcTime,
  utopiaRdns,
  without,
} from '../../support/lint-parts.ts';

/** How to break one rule, starting from the clean CRL. */
export interface CrlFixture {
  readonly rule: string;
  readonly edition?: Edition;
  readonly breaks?: (parts: CrlParts) => CrlParts;
  readonly inputs?: CrlLintOptions;
  readonly badInputs?: () => CrlLintOptions;
  /** Judged before it is signed: the software keys cannot sign as it says. */
  readonly toBeSigned?: true;
  /** Rules that cannot but fire too, and why. */
  readonly also?: readonly [rules: readonly string[], why: string];
}

export function signCrlParts(parts: CrlParts): Uint8Array {
  return signParts(encodeTbsCrl(parts), parts);
}

export function cleanCrl(): CrlParts {
  return crlParts(issuerOf(cscaKey()));
}

function previousCrl(change: Partial<CrlParts> = {}): CrlParts {
  const parts = { ...cleanCrl(), thisUpdate: at('2026-02-15'), nextUpdate: [at('2026-04-15')], ...change };
  return changed(parts, 'cRLNumber', { value: integer(6) });
}

/** All inputs, so that every rule is judged. */
export function crlInputs(): CrlLintOptions {
  const issuer = decodeCertificate(issuerOf(cscaKey()).certificate);
  return { edition: 8, issuer, newest: issuer, previous: decodeCrl(signCrlParts(previousCrl())) };
}

const signedBy = (algorithm: Uint8Array) => (parts: CrlParts) => ({
  ...parts,
  signature: algorithm,
  signatureAlgorithm: algorithm,
});
const withIssuer = (issuer: Uint8Array) => (parts: CrlParts) => ({ ...parts, issuer });
const withEntries =
  (...entries: readonly Uint8Array[]) =>
  (parts: CrlParts): CrlParts => ({
    ...parts,
    revokedCertificates: [
      sequence(revoked(17n, at('2026-02-10')), revoked(18n, at('2026-02-11')), ...entries),
    ],
  });
const withEntryExtension = (oid: string) =>
  withEntries(revoked(19n, at('2026-02-12'), { oid, critical: false, value: nullValue() }));

const oid = (dotted: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  sequence(objectIdentifier(dotted), ...parameters);
const sha256 = oid('2.16.840.1.101.3.4.2.1', nullValue());
const sha384 = oid('2.16.840.1.101.3.4.2.2', nullValue());

function pss(mask: Uint8Array, salt: readonly number[], trailer: readonly number[] = []): Uint8Array {
  return sequence(
    objectIdentifier(oids.rsassaPss),
    sequence(
      contextConstructed(0, sha256),
      contextConstructed(1, sequence(objectIdentifier(oids.mgf1), mask)),
      ...salt.map((octets) => contextConstructed(2, integer(octets))),
      ...trailer.map((field) => contextConstructed(3, integer(field))),
    ),
  );
}

const withoutIssuer = { issuer: undefined } as const;
const isStrict = 'the strict reader behind R-DER refuses the same octets';

/** Rules about the algorithm; judged without issuer, whose key would not fit. */
const algorithmFixtures: readonly CrlFixture[] = (
  [
    ['R-ALG-DIGEST', oid(oids.ecdsaWithSha1)],
    ['R-ALG-SHA224', oid(oids.ecdsaWithSha224)],
    ['R-ALG-PSS-COMPLETE', pss(sha256, [])],
    ['R-ALG-PSS-MASK', pss(sha384, [32])],
    ['R-ALG-PSS-SALT', pss(sha256, [20])],
    ['R-ALG-PSS-TRAILER', pss(sha256, [32], [1])],
    ['R-ALG-RSA-NULL', oid(oids.sha256WithRsaEncryption)],
  ] as const
).map(([rule, algorithm]) => {
  return { rule, toBeSigned: true, inputs: withoutIssuer, breaks: signedBy(algorithm) };
});

export const crlFixtures: readonly CrlFixture[] = [
  // the file
  { rule: 'R-READ', breaks: (parts) => ({ ...parts, finish: (bytes) => bytes.subarray(0, -1) }) },
  {
    rule: 'R-DER',
    breaks: (parts) => ({
      ...parts,
      finish: (bytes) => Uint8Array.of(0x30, 0x83, 0x00, ...bytes.subarray(2)),
    }),
  },
  {
    rule: 'R-DER-TRAILING',
    breaks: (parts) => ({ ...parts, finish: (bytes) => Uint8Array.of(...bytes, 0) }),
  },
  {
    rule: 'R-DER-EXTENSIONS',
    breaks: (parts) =>
      changed(parts, 'authorityKeyIdentifier', {
        value: Uint8Array.of(0x30, 0x81, ...akiOf(parts).subarray(1)),
      }),
  },
  { rule: 'R-VER', breaks: (parts) => ({ ...parts, version: [] }) },
  // algorithm
  {
    rule: 'R-ALG-SAME',
    breaks: (parts) => ({ ...parts, signatureAlgorithm: oid(oids.ecdsaWithSha384, nullValue()) }),
  },
  { rule: 'R-ALG-KNOWN', toBeSigned: true, breaks: signedBy(oid('1.3.101.112')) },
  ...algorithmFixtures,
  {
    rule: 'R-ALG-SHA1',
    edition: 6,
    toBeSigned: true,
    inputs: withoutIssuer,
    breaks: signedBy(oid(oids.ecdsaWithSha1)),
  },
  { rule: 'R-ALG-ECDSA-ABSENT', breaks: signedBy(oid(oids.ecdsaWithSha384, nullValue())) },
  { rule: 'R-ALG-FITS-KEY', toBeSigned: true, breaks: signedBy(pss(sha256, [32])) },
  { rule: 'R-ALG-CURVE-DIGEST', toBeSigned: true, breaks: signedBy(oid(oids.ecdsaWithSha256)) },
  // issuer; judged without the CSCA certificate, which has another name
  { rule: 'R-ISS-EMPTY', inputs: withoutIssuer, breaks: withIssuer(sequence()) },
  {
    rule: 'R-ISS-COUNTRY',
    inputs: withoutIssuer,
    breaks: withIssuer(sequence(rdn('commonName', utf8String('CSCA')))),
  },
  {
    rule: 'R-ISS-COUNTRY-LETTERS',
    inputs: withoutIssuer,
    breaks: withIssuer(
      sequence(rdn('countryName', printableString('UTO')), rdn('commonName', utf8String('CSCA'))),
    ),
  },
  {
    rule: 'R-ISS-COUNTRY-CASE',
    inputs: withoutIssuer,
    breaks: withIssuer(
      sequence(rdn('countryName', printableString('ut')), rdn('commonName', utf8String('CSCA'))),
    ),
  },
  {
    rule: 'R-ISS-COUNTRY-TYPE',
    inputs: withoutIssuer,
    breaks: withIssuer(sequence(rdn('countryName', utf8String('UT')), rdn('commonName', utf8String('CSCA')))),
  },
  { rule: 'R-ISS-CN', inputs: withoutIssuer, breaks: withIssuer(sequence(...utopiaRdns)) },
  {
    rule: 'R-ISS-SERIAL-TYPE',
    inputs: withoutIssuer,
    breaks: withIssuer(
      sequence(...utopiaRdns, rdn('commonName', utf8String('C')), rdn('serialNumber', utf8String('1'))),
    ),
  },
  {
    rule: 'R-ISS-STRING-TYPE',
    inputs: withoutIssuer,
    breaks: withIssuer(sequence(...utopiaRdns, rdn('commonName', tlv(0x14, Buffer.from('CSCA'))))),
  },
  {
    rule: 'R-ISS-CHARACTERS',
    inputs: withoutIssuer,
    breaks: withIssuer(sequence(...utopiaRdns, rdn('commonName', tlv(0x13, Buffer.from('CSCA_1'))))),
  },
  { rule: 'R-ISS-MATCH', breaks: withIssuer(nameOf('Another CSCA')) },
  {
    rule: 'R-ISS-OCTETS',
    breaks: withIssuer(sequence(...utopiaRdns, rdn('commonName', printableString('CSCA Utopia')))),
  },
  // times
  {
    rule: 'R-TIME-UTCTIME',
    breaks: (parts) => ({ ...parts, thisUpdate: utcTime('2603010000Z') }),
    also: [['R-DER'], isStrict],
  },
  {
    rule: 'R-TIME-GENERALIZEDTIME',
    breaks: (parts) => ({
      ...parts,
      thisUpdate: at('2050-01-01'),
      nextUpdate: [generalizedTime('20500201000000.5Z')],
    }),
    also: [['R-DER'], isStrict],
  },
  {
    rule: 'R-TIME-CHOICE',
    breaks: (parts) => ({ ...parts, thisUpdate: generalizedTime('20260301000000Z') }),
  },
  { rule: 'R-TIME-ORDER', breaks: (parts) => ({ ...parts, nextUpdate: [at('2026-03-01')] }) },
  { rule: 'R-NUP', breaks: (parts) => ({ ...parts, nextUpdate: [] }) },
  { rule: 'R-90D', breaks: (parts) => ({ ...parts, nextUpdate: [at('2026-05-31')] }) },
  {
    rule: 'R-48H',
    badInputs: () => ({ previous: decodeCrl(signCrlParts(previousCrl({ thisUpdate: at('2026-02-28') }))) }),
  },
  // entries
  {
    rule: 'R-EMPTY',
    inputs: { previous: undefined },
    breaks: (parts) => ({ ...parts, revokedCertificates: [sequence()] }),
  },
  { rule: 'R-DUP', breaks: withEntries(revoked(17n, at('2026-02-10'))) },
  { rule: 'R-REVDATE', breaks: withEntries(revoked(19n, at('2026-03-02'))) },
  {
    rule: 'R-REVDATE-FORM',
    breaks: withEntries(revoked(19n, generalizedTime('20260212000000Z'))),
  },
  {
    rule: 'R-KEEP',
    breaks: (parts) => ({ ...parts, revokedCertificates: [sequence(revoked(17n, at('2026-02-10')))] }),
  },
  { rule: 'R-ENTRYEXT-REASON', breaks: withEntryExtension(oids.reasonCode) },
  { rule: 'R-ENTRYEXT-HOLD', breaks: withEntryExtension(oids.holdInstructionCode) },
  { rule: 'R-ENTRYEXT-INVALIDITY', breaks: withEntryExtension(oids.invalidityDate) },
  { rule: 'R-ENTRYEXT-ISSUER', breaks: withEntryExtension(oids.certificateIssuer) },
  { rule: 'R-ENTRYEXT-OTHER', breaks: withEntryExtension('1.3.6.1.4.1.99999.1') },
  // extensions
  {
    rule: 'R-EXT-PRESENT',
    breaks: (parts) => ({ ...parts, extensions: undefined }),
    also: [['R-AKI-PRESENT', 'R-NUM-PRESENT'], 'no field, no mandatory extension in it'],
  },
  {
    rule: 'R-EXT-TWICE',
    breaks: (parts) =>
      added(added(parts, '1.3.6.1.4.1.99999.1', nullValue()), '1.3.6.1.4.1.99999.1', nullValue()),
  },
  { rule: 'R-EXT-DEFAULT', breaks: (parts) => changed(parts, 'cRLNumber', { critical: 'written' }) },
  { rule: 'R-EXT-SYNTAX', breaks: (parts) => changed(parts, 'cRLNumber', { value: sequence() }) },
  {
    rule: 'R-EXT-PRIVATE-CRITICAL',
    breaks: (parts) => added(parts, '1.3.6.1.4.1.99999.1', nullValue(), true),
  },
  { rule: 'R-AKI-PRESENT', breaks: (parts) => without(parts, 'authorityKeyIdentifier') },
  {
    rule: 'R-AKI-CRITICAL',
    breaks: (parts) => changed(parts, 'authorityKeyIdentifier', { critical: true }),
  },
  {
    rule: 'R-AKI-KEYID',
    breaks: (parts) => changed(parts, 'authorityKeyIdentifier', { value: sequence() }),
  },
  {
    rule: 'R-AKI-MATCH',
    breaks: (parts) =>
      changed(parts, 'authorityKeyIdentifier', {
        value: sequence(contextPrimitive(0, new Uint8Array(20))),
      }),
  },
  { rule: 'R-NUM-PRESENT', breaks: (parts) => without(parts, 'cRLNumber') },
  { rule: 'R-NUM-CRITICAL', breaks: (parts) => changed(parts, 'cRLNumber', { critical: true }) },
  {
    rule: 'R-NUM-NEGATIVE',
    inputs: { previous: undefined },
    breaks: (parts) => changed(parts, 'cRLNumber', { value: integer(-7) }),
  },
  {
    rule: 'R-NUM-LENGTH',
    breaks: (parts) => changed(parts, 'cRLNumber', { value: integer(1n << 160n) }),
  },
  {
    rule: 'R-NUM-MINIMAL',
    breaks: (parts) => changed(parts, 'cRLNumber', { value: tlv(0x02, Uint8Array.of(0, 7)) }),
    also: [['R-DER-EXTENSIONS'], 'the strict reader refuses the same octets'],
  },
  { rule: 'R-NUM-RISING', breaks: (parts) => changed(parts, 'cRLNumber', { value: integer(6) }) },
  {
    rule: 'R-IAN-CRITICAL',
    breaks: (parts) => added(parts, 'issuerAltName', formerName(), true),
  },
  {
    rule: 'R-IAN-NAMES',
    breaks: (parts) => added(parts, 'issuerAltName', alternativeName('UTO')),
  },
  ...(
    [
      ['R-DELTA', 'deltaCRLIndicator'],
      ['R-IDP', 'issuingDistributionPoint'],
      ['R-FRESHEST', 'freshestCRL'],
    ] as const satisfies readonly (readonly [string, KnownOidName])[]
  ).map(([rule, extension]): CrlFixture => {
    return { rule, breaks: (parts) => added(parts, extension, sequence()) };
  }),
  // who signs
  {
    rule: 'R-KEY',
    badInputs: () => ({ newest: decodeCertificate(issuerOf(newCscaKey()).certificate) }),
  },
  { rule: 'R-SIG', breaks: (parts) => ({ ...parts, sign: () => parts.sign(Uint8Array.of(0)) }) },
  {
    rule: 'R-SIG-DIGESTINFO',
    badInputs: () => {
      const certificate = decodeCertificate(issuerOf(rsaKey()).certificate);
      return { issuer: certificate, newest: certificate };
    },
    breaks: () => {
      const key = rsaKey();
      return { ...crlParts(issuerOf(key)), sign: (tbs) => signWithoutNull(key.privateKey, 'SHA-256', tbs) };
    },
  },
  { rule: 'R-SIG-VALUE', breaks: (parts) => ({ ...parts, sign: rawSignature }) },
];

const rsaKey = () => keyFor('rsassa-pkcs1-4096-sha256', 'csca');

function akiOf(parts: CrlParts): Uint8Array {
  const aki = parts.extensions?.find((extension) => extension.oid === oids.authorityKeyIdentifier);
  return aki?.value ?? new Uint8Array();
}

export function formerName(): Uint8Array {
  return sequence(directoryName(...utopiaRdns, rdn('commonName', utf8String('CSCA of Old Utopia'))));
}

/** r‖s, as a token returns it. */
function rawSignature(toBeSigned: Uint8Array): Uint8Array {
  return sign('sha384', toBeSigned, { key: cscaKey().privateKey, dsaEncoding: 'ieee-p1363' });
}
