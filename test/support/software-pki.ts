import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeSignatureAlgorithm } from '../../src/formats/algorithms/encode-algorithm-identifier.ts';
import {
  type EcParametersForm,
  encodeSubjectPublicKeyInfo,
  keyIdentifierOf,
  type PublicKeyValue,
} from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { curveByName } from '../../src/formats/algorithms/curves.ts';
import { digestByName } from '../../src/formats/algorithms/digests.ts';
import { type KeyAlgorithm, keyAlgorithms } from '../../src/formats/algorithms/signature-algorithms.ts';
import { encodeSignedAttributes, encodeSignedData } from '../../src/formats/cms/encode-signed-data.ts';
import { encodeEfSod } from '../../src/formats/lds/encode-ef-sod.ts';
import { encodeLdsSecurityObject } from '../../src/formats/lds/encode-lds-security-object.ts';
import { encodeCscaMasterList } from '../../src/formats/masterlist/encode-master-list.ts';
import { oids } from '../../src/formats/oids.ts';
import { encodeSigned, encodeTbsCertificate } from '../../src/formats/x509/encode-certificate.ts';
import {
  encodeRevokedEntries,
  tbsCertListFrame,
  withEntries,
  type RevokedCertificate,
} from '../../src/formats/x509/encode-crl.ts';
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraintsOfCa,
  encodeDocumentTypeList,
  encodeExtKeyUsage,
  encodeGeneralNames,
  encodeKeyUsage,
  encodePrivateKeyUsagePeriod,
  encodeSubjectKeyIdentifier,
  type IssuedExtension,
} from '../../src/formats/x509/encode-extensions.ts';
import { encodeName } from '../../src/formats/x509/encode-name.ts';

/**
 * A small PKI of Utopia on software keys, so that the reader can be tested on what it does not find in the corpus.
 * Only tests sign without a token.
 */

export interface SoftwareKey {
  readonly algorithm: KeyAlgorithm;
  readonly privateKey: KeyObject;
  readonly value: PublicKeyValue;
}

export function softwareKey(algorithmName: string): SoftwareKey {
  const algorithm = keyAlgorithms.get(algorithmName);
  if (algorithm === undefined) throw new TypeError(`no key algorithm ${algorithmName}`);
  const { key } = algorithm;
  const { privateKey, publicKey } =
    key.kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: curveByName(key.curve).openssl })
      : generateKeyPairSync('rsa', { modulusLength: key.modulusBits });
  return { algorithm, privateKey, value: publicKeyValue(algorithm, publicKey) };
}

function publicKeyValue({ key }: KeyAlgorithm, publicKey: KeyObject): PublicKeyValue {
  if (key.kind === 'ec') {
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const octets = 1 + 2 * Math.ceil(curveByName(key.curve).fieldBits / 8);
    return { kind: 'ec', curve: key.curve, point: Uint8Array.from(spki.subarray(-octets)) };
  }
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  return {
    kind: 'rsa',
    modulus: Buffer.from(n, 'base64url'),
    publicExponent: Buffer.from(e, 'base64url'),
  };
}

export function signWith({ algorithm, privateKey }: SoftwareKey, data: Uint8Array): Uint8Array {
  const { signature } = algorithm;
  const digest = digestByName(signature.digest).node;
  if (signature.kind !== 'rsassa-pss') return sign(digest, data, privateKey);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(digest, data, { key: privateKey, padding, saltLength: signature.saltLength });
}

export interface IssuedCertificate {
  readonly bytes: Uint8Array;
  readonly key: SoftwareKey;
  readonly subject: Uint8Array;
  readonly serialNumber: bigint;
}

interface CertificateRequest {
  readonly key: SoftwareKey;
  readonly commonName: string;
  readonly country?: string;
  readonly issuer?: IssuedCertificate;
  readonly serialNumber?: bigint;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly ecParameters?: EcParametersForm;
  readonly extensions: readonly IssuedExtension[];
}

export const noon = (day: string): Date => new Date(`${day}T12:00:00Z`);

/** Issues a certificate; without an issuer it signs itself. */
export function issue(request: CertificateRequest): IssuedCertificate {
  const { key, issuer } = request;
  const signer = issuer?.key ?? key;
  const subject = encodeName([
    { type: 'countryName', value: request.country ?? 'UT' },
    { type: 'commonName', value: request.commonName },
  ]);
  const signature = encodeSignatureAlgorithm(signer.algorithm.signature);
  const serialNumber = request.serialNumber ?? 1n;
  const tbs = encodeTbsCertificate({
    serialNumber,
    signature,
    issuer: issuer?.subject ?? subject,
    notBefore: request.notBefore ?? noon('2025-01-01'),
    notAfter: request.notAfter ?? noon('2037-01-01'),
    subject,
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo(key.value, request.ecParameters ?? 'explicit'),
    extensions: [
      {
        type: 'authorityKeyIdentifier',
        critical: false,
        value: encodeAuthorityKeyIdentifier(keyIdentifierOf(signer.value)),
      },
      {
        type: 'subjectKeyIdentifier',
        critical: false,
        value: encodeSubjectKeyIdentifier(keyIdentifierOf(key.value)),
      },
      ...request.extensions,
    ],
  });
  return { bytes: encodeSigned(tbs, signature, signWith(signer, tbs)), key, subject, serialNumber };
}

export const caExtensions: readonly IssuedExtension[] = [
  { type: 'keyUsage', critical: true, value: encodeKeyUsage(['keyCertSign', 'cRLSign']) },
  { type: 'basicConstraints', critical: true, value: encodeBasicConstraintsOfCa(0) },
];

export const documentSignerExtensions: readonly IssuedExtension[] = [
  { type: 'keyUsage', critical: true, value: encodeKeyUsage(['digitalSignature']) },
  {
    type: 'privateKeyUsagePeriod',
    critical: false,
    value: encodePrivateKeyUsagePeriod(noon('2026-01-01'), noon('2026-04-01')),
  },
  {
    type: 'subjectAltName',
    critical: false,
    value: encodeGeneralNames([{ kind: 'icaoCountryCode', localityName: 'UTO' }]),
  },
  { type: 'documentTypeList', critical: false, value: encodeDocumentTypeList(['P']) },
];

export const masterListSignerExtensions: readonly IssuedExtension[] = [
  { type: 'keyUsage', critical: true, value: encodeKeyUsage(['digitalSignature']) },
  { type: 'extKeyUsage', critical: true, value: encodeExtKeyUsage(['cscaMasterListSigningKey']) },
];

interface SignedContent {
  readonly signer: IssuedCertificate;
  readonly issuer: IssuedCertificate;
  readonly eContentType: string;
  readonly eContent: Uint8Array;
  readonly signingTime?: Date | undefined;
  readonly messageDigest?: Uint8Array | undefined;
  readonly certificates?: readonly Uint8Array[];
}

/** ContentInfo with one signer, as our own services make them. */
function signContent(content: SignedContent): Uint8Array {
  const { signer, issuer, eContentType, eContent } = content;
  const { signature } = signer.key.algorithm;
  const digest = () => createHash(digestByName(signature.digest).node).update(eContent).digest();
  const signedAttributes = encodeSignedAttributes({
    eContentType,
    messageDigest: content.messageDigest ?? digest(),
    signingTime: content.signingTime ?? noon('2026-02-01'),
  });
  return encodeSignedData({
    eContentType,
    eContent,
    digestAlgorithm: signature.digest,
    certificates: content.certificates ?? [signer.bytes],
    sid: { kind: 'issuerAndSerialNumber', issuer: issuer.subject, serialNumber: signer.serialNumber },
    signedAttributes,
    signatureAlgorithm: encodeSignatureAlgorithm(signature),
    signature: signWith(signer.key, signedAttributes),
  });
}

/** DG1 of the specimen of Doc 9303-4 appendix B, with another date of expiry. */
export const dg1 = Uint8Array.from(
  Buffer.concat([
    Buffer.from('615b5f1f58', 'hex'),
    Buffer.from('P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<'),
    Buffer.from('L898902C36UTO7408122F3604155ZE184226B<<<<<16'),
  ]),
);
export const dg2 = Uint8Array.from(Buffer.from('7505010203a4b5', 'hex'));

export interface Utopia {
  readonly csca: IssuedCertificate;
  readonly dsc: IssuedCertificate;
  readonly efSod: Uint8Array;
  readonly dataGroups: ReadonlyMap<number, Uint8Array>;
}

/** A CSCA, a Document Signer and a signed document of Utopia. */
export function utopia(algorithmName: string): Utopia {
  const csca = issue({
    key: softwareKey(algorithmName),
    commonName: 'CSCA Utopia',
    extensions: caExtensions,
  });
  const dsc = issue({
    key: softwareKey(algorithmName),
    commonName: 'DS 1',
    issuer: csca,
    serialNumber: 2n,
    extensions: documentSignerExtensions,
  });
  return { csca, dsc, efSod: signDocument(csca, dsc), dataGroups: documentDataGroups };
}

const documentDataGroups: ReadonlyMap<number, Uint8Array> = new Map([
  [1, dg1],
  [2, dg2],
]);

/** @param other what is not as in Utopia's specimen; a `messageDigest` that is not that of the content, too */
export function signDocument(
  csca: IssuedCertificate,
  dsc: IssuedCertificate,
  other: {
    readonly hashes?: ReadonlyMap<number, Uint8Array>;
    readonly signingTime?: Date;
    readonly messageDigest?: Uint8Array;
  } = {},
): Uint8Array {
  const { digest } = dsc.key.algorithm.signature;
  const hash = (octets: Uint8Array): Uint8Array =>
    createHash(digestByName(digest).node).update(octets).digest();
  const eContent = encodeLdsSecurityObject({
    version: 1,
    hashAlgorithm: digest,
    dataGroupHashes:
      other.hashes ?? new Map([...documentDataGroups].map(([number, octets]) => [number, hash(octets)])),
    ldsVersion: '0108',
    unicodeVersion: '040000',
  });
  return encodeEfSod(
    signContent({
      signer: dsc,
      issuer: csca,
      eContentType: oids.ldsSecurityObject,
      eContent,
      signingTime: other.signingTime,
      messageDigest: other.messageDigest,
    }),
  );
}

export function signMasterList(
  csca: IssuedCertificate,
  mlsc: IssuedCertificate,
  certificates: readonly Uint8Array[],
): Uint8Array {
  return signContent({
    signer: mlsc,
    issuer: csca,
    eContentType: oids.cscaMasterList,
    eContent: encodeCscaMasterList(certificates),
    certificates: [mlsc.bytes, csca.bytes],
  });
}

export function signCrl(
  csca: IssuedCertificate,
  revokedCertificates: readonly RevokedCertificate[],
  times: { readonly thisUpdate?: Date; readonly nextUpdate?: Date } = {},
): Uint8Array {
  const signature = encodeSignatureAlgorithm(csca.key.algorithm.signature);
  const { octets } = encodeRevokedEntries(revokedCertificates);
  const list = {
    signature,
    issuer: csca.subject,
    thisUpdate: times.thisUpdate ?? noon('2026-02-15'),
    nextUpdate: times.nextUpdate ?? noon('2026-05-01'),
    authorityKeyIdentifier: keyIdentifierOf(csca.key.value),
    crlNumber: 7n,
  };
  const tbs = withEntries(tbsCertListFrame(list, octets.length), octets);
  return encodeSigned(tbs, signature, signWith(csca.key, tbs));
}
