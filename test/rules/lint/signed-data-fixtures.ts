import { createPrivateKey, constants, type KeyObject, sign } from 'node:crypto';
import {
  contextConstructed,
  inDerOrder,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
} from '../../../src/formats/der/writer.ts';
import { readElement } from '../../../src/formats/der/reader.ts';
import { Tolerances } from '../../../src/formats/note.ts';
import { oids } from '../../../src/formats/oids.ts';
import { encodePrivateKeyUsagePeriod } from '../../../src/formats/x509/encode-extensions.ts';
import {
  added,
  changed,
  cscaParts,
  encodeTbs,
  generalizedTime,
  instant,
  keyFor,
  signParts,
  signWithoutNull,
} from '../../support/lint-parts.ts';
import {
  csca,
  deviationListParts,
  issuerAndSerialNumberOf,
  masterListParts,
  type ObjectSigner,
  type SignedDataParts,
  signerOf,
  sodParts,
} from '../../support/lint-signed-parts.ts';

export type Prefix = 'M' | 'D' | 'S';

/** Inputs of any of the three lints; each takes what it knows. */
export interface ObjectInputs {
  readonly at?: Date | undefined;
  readonly edition?: 6 | 7 | 8 | undefined;
}

/** How to break one rule, starting from the clean object. */
export interface ObjectFixture<Inputs extends ObjectInputs = ObjectInputs> {
  readonly rule: string;
  /** The clean object to start from, where it is not the usual one. */
  readonly from?: () => SignedDataParts;
  readonly breaks?: (parts: SignedDataParts) => SignedDataParts;
  readonly inputs?: () => Inputs;
  /** Inputs that break it, where not the object does. */
  readonly badInputs?: () => Inputs;
  /** Rules that cannot but fire too, and why. */
  readonly also?: readonly [rules: readonly string[], why: string];
}

const oid = (dotted: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  sequence(objectIdentifier(dotted), ...parameters);
const sha1 = oid('1.3.14.3.2.26');
const sha256 = oid('2.16.840.1.101.3.4.2.1');
const sha512 = oid('2.16.840.1.101.3.4.2.3');

const partsBy: Record<Prefix, (signer?: ObjectSigner) => SignedDataParts> = {
  M: masterListParts,
  D: deviationListParts,
  S: sodParts,
};
const signerKinds = { M: 'master-list-signer', D: 'deviation-list-signer', S: 'document-signer' } as const;

const rsa = (algorithm: string, prefix: Prefix): SignedDataParts =>
  partsBy[prefix](signerOf(signerKinds[prefix], (parts) => parts, keyFor(algorithm, 'signer')));
const pssSigner = 'rsassa-pss-3072-sha256';

function pssAlgorithm(salt: readonly number[], mask = sha256, trailer: readonly number[] = []): Uint8Array {
  const withNull = (digest: Uint8Array): Uint8Array => sequence(digest.subarray(2), nullValue());
  return sequence(
    objectIdentifier(oids.rsassaPss),
    sequence(
      contextConstructed(0, withNull(sha256)),
      contextConstructed(1, sequence(objectIdentifier(oids.mgf1), withNull(mask))),
      ...salt.map((octets) => contextConstructed(2, integer(octets))),
      ...trailer.map((field) => contextConstructed(3, integer(field))),
    ),
  );
}

function signPss(
  data: Uint8Array,
  saltLength: number,
  key = keyFor(pssSigner, 'signer').privateKey,
): Uint8Array {
  return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/** The RSA key as one for RSASSA-PSS with these parameters: OpenSSL takes MGF1 from the key only. */
function asPssKey(key: KeyObject, algorithm: Uint8Array): KeyObject {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const [version, , octets] = readElement(pkcs8, 'pkcs8', new Tolerances()).children('pkcs8');
  if (version === undefined || octets === undefined) throw new TypeError('no PKCS #8');
  const rewritten = sequence(version.bytes, algorithm, octets.bytes);
  return createPrivateKey({ key: Buffer.from(rewritten), format: 'der', type: 'pkcs8' });
}

/** Any signer in place of the usual one. */
function signedBy(prefix: Prefix, signer: ObjectSigner): SignedDataParts {
  return partsBy[prefix](signer);
}

/** A CSCA that signs by itself, on a curve that goes with the usual digest. */
function cscaAsSigner(): ObjectSigner {
  const key = keyFor('ecdsa-P-256-sha256', 'csca');
  const parts = cscaParts(key);
  return { key, certificate: signParts(encodeTbs(parts), parts) };
}

function withUsagePeriod(prefix: Prefix): SignedDataParts {
  const value = encodePrivateKeyUsagePeriod(instant('2026-02-01'), instant('2026-05-01'));
  const signer = signerOf(signerKinds[prefix], (parts) =>
    prefix === 'D'
      ? added(parts, 'privateKeyUsagePeriod', value)
      : changed(parts, 'privateKeyUsagePeriod', { value }),
  );
  return partsBy[prefix](signer);
}

const wrongPurposes = { M: 'deviation-list-signer', D: 'master-list-signer', S: 'dtc-signer' } as const;

/** What breaks a SignedData, whatever it holds. */
export function sharedFixtures(prefix: Prefix): readonly ObjectFixture[] {
  const id = (name: string): string => `${prefix}-${name}`;
  const ofSod = (rules: readonly string[], why: string): Pick<ObjectFixture, 'also'> =>
    prefix === 'S' ? { also: [rules, why] } : {};
  const signWithDigest = (digest: string) => (data: Uint8Array) =>
    sign(digest, data, keyFor('ecdsa-P-256-sha256', 'signer').privateKey);
  return [
    { rule: id('READ'), breaks: (parts) => ({ ...parts, finish: (file) => file.subarray(0, -1) }) },
    {
      rule: id('DER'),
      breaks: (parts) => ({
        ...parts,
        finishContent: (bytes) => Uint8Array.of(0x30, 0x83, 0x00, ...bytes.subarray(2)),
      }),
    },
    {
      rule: id('DER-TRAILING'),
      breaks: (parts) => ({ ...parts, finish: (file) => Uint8Array.of(...file, 0) }),
    },
    { rule: id('V3'), breaks: (parts) => ({ ...parts, version: integer(1) }) },
    {
      rule: id(prefix === 'S' ? 'ECT' : 'OID'),
      breaks: (parts) => ({ ...parts, contentType: oids.data }),
    },
    {
      rule: id('SETORDER-CERTIFICATES'),
      breaks: (parts) => {
        const all = new Set(
          [...parts.certificates, csca().certificate].map((one) => Buffer.from(one).toString('hex')),
        );
        const certificates = inDerOrder([...all].map((one) => Buffer.from(one, 'hex'))).toReversed();
        return { ...parts, certificates };
      },
      ...ofSod(['S-DSC-ALONE'], 'one certificate is always in order'),
    },
    { rule: id('NOCRL'), breaks: (parts) => ({ ...parts, crls: [sequence()] }) },
    { rule: id('SIGNED'), breaks: (parts) => ({ ...parts, signerInfos: 0 }) },
    { rule: id('SIGNERS-ONE'), breaks: (parts) => ({ ...parts, signerInfos: 2 }) },
    {
      rule: id('SIGNER-VERSION'),
      breaks: (parts) => ({ ...parts, signerVersion: parts.signerVersion === 1 ? 3 : 1 }),
    },
    { rule: id('DIGEST-LISTED'), breaks: (parts) => ({ ...parts, digestAlgorithms: [sha512] }) },
    {
      rule: id(prefix === 'S' ? 'NULL' : 'DIGEST-NULL'),
      breaks: (parts) => ({ ...parts, digestAlgorithm: sequence(sha256.subarray(2), nullValue()) }),
    },
    {
      rule: id('SHA1'),
      breaks: (parts) => ({ ...parts, digestAlgorithms: [sha1], digestAlgorithm: sha1 }),
      ...ofSod(['S-HASH-SAME'], 'the data groups are hashed as they should be'),
    },
    { rule: id('ATTR'), breaks: (parts) => ({ ...parts, hasAttributes: false }) },
    {
      rule: id('ATTR-CONTENT-TYPE'),
      breaks: (parts) => ({
        ...parts,
        attributes: { ...parts.attributes, contentType: objectIdentifier(oids.data) },
      }),
    },
    {
      rule: id('ATTR-DIGEST'),
      breaks: (parts) => ({
        ...parts,
        attributes: { ...parts.attributes, messageDigest: octetString(new Uint8Array(32)) },
      }),
    },
    {
      rule: id('ATTR-TIME'),
      breaks: (parts) => ({
        ...parts,
        attributes: { ...parts.attributes, signingTime: generalizedTime('20260301000000Z') },
      }),
    },
    {
      rule: id('SETORDER-ATTRIBUTES'),
      breaks: (parts) => ({ ...parts, order: (attributes) => attributes.toReversed() }),
    },
    {
      rule: id('NOUNSIGNED'),
      breaks: (parts) => ({
        ...parts,
        unsignedAttributes: [sequence(objectIdentifier('1.3.6.1.4.1.99999.3'), set(nullValue()))],
      }),
    },
    { rule: id('ALG-KNOWN'), breaks: (parts) => ({ ...parts, signatureAlgorithm: oid('1.3.101.112') }) },
    {
      rule: id('ALG-KEY-TYPE'),
      breaks: (parts) => ({ ...parts, signatureAlgorithm: oid(oids.idEcPublicKey) }),
    },
    {
      rule: id('ALG-SHA224'),
      breaks: (parts) => ({
        ...parts,
        signatureAlgorithm: oid(oids.ecdsaWithSha224),
        sign: signWithDigest('sha224'),
      }),
      ...ofSod(['S-HASH-SAME'], 'the data groups are hashed as they should be'),
    },
    {
      rule: id('ALG-PSS-COMPLETE'),
      from: () => rsa(pssSigner, prefix),
      breaks: (parts) => ({
        ...parts,
        signatureAlgorithm: pssAlgorithm([]),
        sign: (data) => signPss(data, 20),
      }),
    },
    {
      rule: id('ALG-PSS-MASK'),
      from: () => rsa(pssSigner, prefix),
      breaks: (parts) => {
        const signatureAlgorithm = pssAlgorithm([32], sha512);
        const key = asPssKey(keyFor(pssSigner, 'signer').privateKey, signatureAlgorithm);
        return { ...parts, signatureAlgorithm, sign: (data) => signPss(data, 32, key) };
      },
    },
    {
      rule: id('ALG-PSS-SALT'),
      from: () => rsa(pssSigner, prefix),
      breaks: (parts) => ({
        ...parts,
        signatureAlgorithm: pssAlgorithm([20]),
        sign: (data) => signPss(data, 20),
      }),
    },
    {
      rule: id('ALG-PSS-TRAILER'),
      from: () => rsa(pssSigner, prefix),
      breaks: (parts) => ({ ...parts, signatureAlgorithm: pssAlgorithm([32], sha256, [1]) }),
    },
    {
      rule: id('ALG-RSA-NULL'),
      from: () => rsa('rsassa-pkcs1-3072-sha256', prefix),
      breaks: (parts) => ({ ...parts, signatureAlgorithm: oid(oids.sha256WithRsaEncryption) }),
    },
    {
      rule: id('ALG-ECDSA-ABSENT'),
      breaks: (parts) => ({ ...parts, signatureAlgorithm: oid(oids.ecdsaWithSha256, nullValue()) }),
    },
    {
      rule: id('ALG-FITS-KEY'),
      breaks: (parts) => ({ ...parts, signatureAlgorithm: oid(oids.sha256WithRsaEncryption, nullValue()) }),
      also: [[id('SIG')], 'no key signs by the algorithm of another'],
    },
    { rule: id('EKU'), breaks: () => signedBy(prefix, signerOf(wrongPurposes[prefix])) },
    {
      rule: id('NOT-CSCA'),
      breaks: (parts) => {
        const signer = cscaAsSigner();
        const own = signedBy(prefix, signer);
        // The list it signs has this CSCA, as it must.
        return {
          ...own,
          certificates: [signer.certificate],
          eContent: prefix === 'M' ? listOf(signer) : parts.eContent,
        };
      },
    },
    {
      rule: id('PKUP'),
      from: () => withUsagePeriod(prefix),
      inputs: () => ({ at: instant('2026-03-01') }),
      breaks: (parts) => ({
        ...parts,
        attributes: { ...parts.attributes, signingTime: time(instant('2026-05-02')) },
      }),
      badInputs: () => ({ at: instant('2026-05-02') }),
    },
    {
      rule: id('TIME-VALIDITY'),
      breaks: (parts) => ({
        ...parts,
        attributes: { ...parts.attributes, signingTime: time(instant('2036-06-01')) },
      }),
      ...ofSod(['S-TIME-NOW'], 'what is signed outside the validity is not signed today'),
    },
    { rule: id('SIG'), breaks: (parts) => ({ ...parts, sign: () => parts.sign(Uint8Array.of(0)) }) },
    {
      rule: id('SIG-DIGESTINFO'),
      from: () => rsa('rsassa-pkcs1-3072-sha256', prefix),
      breaks: (parts) => ({
        ...parts,
        sign: (data) =>
          signWithoutNull(keyFor('rsassa-pkcs1-3072-sha256', 'signer').privateKey, 'SHA-256', data),
      }),
    },
    {
      rule: id('SIG-VALUE'),
      breaks: (parts) => ({
        ...parts,
        sign: (data) =>
          sign('sha256', data, {
            key: keyFor('ecdsa-P-256-sha256', 'signer').privateKey,
            dsaEncoding: 'ieee-p1363',
          }),
      }),
    },
  ];
}

function listOf(signer: ObjectSigner): Uint8Array {
  return sequence(integer(0), set(signer.certificate));
}

/** What breaks a list, and would not break an EF.SOD. */
export function listFixtures(prefix: 'M' | 'D'): readonly ObjectFixture[] {
  const usual = (): ObjectSigner => signerOf(signerKinds[prefix]);
  return [
    {
      rule: `${prefix}-SID-SKI`,
      breaks: (parts) => ({ ...parts, signerVersion: 1, sid: issuerAndSerialNumberOf(usual()) }),
    },
    {
      rule: `${prefix}-SIGTIME`,
      breaks: (parts) => ({ ...parts, attributes: { ...parts.attributes, signingTime: 'absent' } }),
    },
    {
      rule: `${prefix}-CERTS-SIGNER`,
      breaks: (parts) => ({ ...parts, certificates: [csca().certificate] }),
    },
    {
      rule: `${prefix}-CERTS-CSCA`,
      breaks: (parts) => ({ ...parts, certificates: [usual().certificate] }),
    },
  ];
}
