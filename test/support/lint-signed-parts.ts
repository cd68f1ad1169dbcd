import { createHash } from 'node:crypto';
import {
  encodeDigestAlgorithm,
  encodeSignatureAlgorithm,
} from '../../src/formats/algorithms/encode-algorithm-identifier.ts';
import { digestByName, digestByOid } from '../../src/formats/algorithms/digests.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { readElement } from '../../src/formats/der/reader.ts';
import {
  contextConstructed,
  contextPrimitive,
  inDerOrder,
  integer,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  set,
  setOf,
  time,
  tlv,
} from '../../src/formats/der/writer.ts';
import { encodeLdsSecurityObject } from '../../src/formats/lds/encode-lds-security-object.ts';
import { encodeCscaMasterList } from '../../src/formats/masterlist/encode-master-list.ts';
import { Tolerances } from '../../src/formats/note.ts';
import { oids } from '../../src/formats/oids.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import {
  type CertificateParts,
  cscaKey,
  encodeTbs,
  instant,
  type Issuer,
  issuerOf,
  keyFor,
  signerParts,
  signParts,
} from './lint-parts.ts';
import { dg1, dg2, type SoftwareKey, signWith } from './software-pki.ts';

/** A signed object of Utopia in its parts, so that a test can break one part and sign again. */
export interface SignedDataParts {
  readonly version: Uint8Array;
  /** AlgorithmIdentifiers. */
  readonly digestAlgorithms: readonly Uint8Array[];
  readonly contentType: string;
  readonly eContent: Uint8Array;
  /** In the order they are written; none: no field at all. */
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  /** How often the one SignerInfo is written. */
  readonly signerInfos: number;
  readonly signerVersion: number;
  readonly sid: Uint8Array;
  /** AlgorithmIdentifier in the SignerInfo. */
  readonly digestAlgorithm: Uint8Array;
  /** Values of the attributes; undefined: the right one, `absent`: none. */
  readonly attributes: {
    readonly contentType?: Uint8Array;
    readonly messageDigest?: Uint8Array;
    readonly signingTime: Uint8Array | 'absent';
  };
  readonly hasAttributes: boolean;
  readonly order: (attributes: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly signatureAlgorithm: Uint8Array;
  readonly sign: (data: Uint8Array) => Uint8Array;
  readonly unsignedAttributes: readonly Uint8Array[];
  /** Last change to the ContentInfo. */
  readonly finishContent: (contentInfo: Uint8Array) => Uint8Array;
  /** From ContentInfo to file. */
  readonly wrap: (contentInfo: Uint8Array) => Uint8Array;
  /** Last change to the file. */
  readonly finish: (file: Uint8Array) => Uint8Array;
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(type), set(value));
}

function digestOfContent({ digestAlgorithm, eContent }: SignedDataParts): Uint8Array {
  const oid = readElement(digestAlgorithm, 'digest', new Tolerances())
    .fields()
    .next('algorithm')
    .objectIdentifier();
  return createHash(digestByOid(oid)?.node ?? 'sha256')
    .update(eContent)
    .digest();
}

function attributesOf(parts: SignedDataParts): readonly Uint8Array[] {
  const { contentType, messageDigest, signingTime } = parts.attributes;
  return parts.order(
    inDerOrder([
      attribute(oids.contentType, contentType ?? objectIdentifier(parts.contentType)),
      attribute(oids.messageDigest, messageDigest ?? octetString(digestOfContent(parts))),
      ...(signingTime === 'absent' ? [] : [attribute(oids.signingTime, signingTime)]),
    ]),
  );
}

export function encodeSignedParts(parts: SignedDataParts): Uint8Array {
  const attributes = attributesOf(parts);
  const signed = parts.hasAttributes ? tlv(0x31, ...attributes) : parts.eContent;
  const signerInfo = sequence(
    integer(parts.signerVersion),
    parts.sid,
    parts.digestAlgorithm,
    ...(parts.hasAttributes ? [contextConstructed(0, ...attributes)] : []),
    parts.signatureAlgorithm,
    octetString(parts.sign(signed)),
    ...(parts.unsignedAttributes.length === 0 ? [] : [contextConstructed(1, ...parts.unsignedAttributes)]),
  );
  const signedData = sequence(
    parts.version,
    set(...parts.digestAlgorithms),
    sequence(objectIdentifier(parts.contentType), contextConstructed(0, octetString(parts.eContent))),
    ...(parts.certificates.length === 0 ? [] : [contextConstructed(0, ...parts.certificates)]),
    ...(parts.crls.length === 0 ? [] : [contextConstructed(1, ...parts.crls)]),
    set(...Array.from({ length: parts.signerInfos }, () => signerInfo)),
  );
  const contentInfo = sequence(objectIdentifier(oids.signedData), contextConstructed(0, signedData));
  return parts.finish(parts.wrap(parts.finishContent(contentInfo)));
}

/** Who signs an object. */
export interface ObjectSigner {
  readonly key: SoftwareKey;
  readonly certificate: Uint8Array;
}

export function signerOf(
  kind: Parameters<typeof signerParts>[0],
  change: (parts: CertificateParts) => CertificateParts = (parts) => parts,
  key: SoftwareKey = keyFor('ecdsa-P-256-sha256', 'signer'),
): ObjectSigner {
  const parts = change(signerParts(kind, issuerOf(cscaKey()), key));
  return { key, certificate: signParts(encodeTbs(parts), parts) };
}

export function subjectKeyIdentifierOf({ certificate }: ObjectSigner): Uint8Array {
  return contextPrimitive(0, decodeCertificate(certificate).keyIdentifier);
}

export function issuerAndSerialNumberOf({ certificate }: ObjectSigner): Uint8Array {
  const { issuer, serialNumberOctets } = decodeCertificate(certificate);
  return sequence(issuer.bytes, tlv(0x02, serialNumberOctets));
}

export const csca = (): Issuer => issuerOf(cscaKey());

/** Signing time of everything, within the usage period of all signers. */
export const signedAt = instant('2026-03-01');

function partsOf(
  signer: ObjectSigner,
  content: Pick<SignedDataParts, 'contentType' | 'eContent' | 'certificates' | 'sid' | 'signerVersion'>,
): SignedDataParts {
  const { signature } = signer.key.algorithm;
  const digestAlgorithm = encodeDigestAlgorithm(signature.digest);
  return {
    version: integer(3),
    digestAlgorithms: [digestAlgorithm],
    crls: [],
    signerInfos: 1,
    digestAlgorithm,
    attributes: { signingTime: time(signedAt) },
    hasAttributes: true,
    order: (attributes) => attributes,
    signatureAlgorithm: encodeSignatureAlgorithm(signature),
    sign: (data) => signWith(signer.key, data),
    unsignedAttributes: [],
    finishContent: (contentInfo) => contentInfo,
    wrap: (contentInfo) => contentInfo,
    finish: (file) => file,
    ...content,
  };
}

export function masterListParts(signer: ObjectSigner = signerOf('master-list-signer')): SignedDataParts {
  const { certificate } = csca();
  return partsOf(signer, {
    contentType: oids.cscaMasterList,
    eContent: encodeCscaMasterList([certificate]),
    certificates: inDerOrder([signer.certificate, certificate]),
    signerVersion: 3,
    sid: subjectKeyIdentifierOf(signer),
  });
}

/** Parts of the one deviation of a list, each DER. */
export interface DeviationParts {
  readonly version?: number;
  readonly digestAlgorithm?: readonly Uint8Array[];
  readonly documents?: readonly Uint8Array[];
  readonly descriptions?: readonly Uint8Array[];
}

const { ascii } = { ascii: (text: string): Uint8Array => Buffer.from(text, 'latin1') };

export function issuancePeriod(from: string, to: string): Uint8Array {
  return contextConstructed(4, tlv(0x18, ascii(from)), tlv(0x18, ascii(to)));
}

export const documentNumbers = (...numbers: readonly string[]): Uint8Array =>
  contextConstructed(5, ...numbers.map(printableString));

export function description(type: string, ...parameters: readonly Uint8Array[]): Uint8Array {
  return sequence(
    printableString('Hash of DG12 is wrong'),
    objectIdentifier(type),
    ...parameters.map((parameter) => contextConstructed(0, parameter)),
  );
}

/** The hash of a data group is wrong in two documents. */
export function deviationListContent(parts: DeviationParts = {}): Uint8Array {
  const documents = parts.documents ?? [
    contextPrimitive(0, ascii('P<')),
    issuancePeriod('20171001000000Z', '20180205000000Z'),
    documentNumbers('AB0000001', 'AB0000002'),
  ];
  const descriptions = parts.descriptions ?? [description(`${oids.deviationList}.2.2`, integer(12))];
  return sequence(
    integer(parts.version ?? 0),
    ...(parts.digestAlgorithm ?? []),
    setOf([sequence(sequence(...documents), setOf(descriptions))]),
  );
}

export function deviationListParts(
  signer: ObjectSigner = signerOf('deviation-list-signer'),
): SignedDataParts {
  return partsOf(signer, {
    contentType: oids.deviationList,
    eContent: deviationListContent(),
    certificates: inDerOrder([signer.certificate, csca().certificate]),
    signerVersion: 3,
    sid: subjectKeyIdentifierOf(signer),
  });
}

const paceInfo = sequence(objectIdentifier('0.4.0.127.0.7.2.2.4.2.2'), integer(2), integer(13));
const activeAuthenticationInfo = sequence(
  objectIdentifier('2.23.136.1.1.5'),
  integer(1),
  objectIdentifier('0.4.0.127.0.7.1.1.4.1.3'),
);

export const cardAccess = set(paceInfo);
const dg14 = tlv(0x6e, setOf([paceInfo, activeAuthenticationInfo]));
export const dg14WithoutAa = tlv(0x6e, set(paceInfo));
export const dg14WithoutPace = tlv(0x6e, set(activeAuthenticationInfo));

export function chip(): ReadonlyMap<number, Uint8Array> {
  const aaKey = keyFor('ecdsa-P-256-sha256', 'active authentication');
  const dg15 = tlv(0x6f, encodeSubjectPublicKeyInfo(aaKey.value, 'explicit'));
  return new Map([
    [1, dg1],
    [2, dg2],
    [14, dg14],
    [15, dg15],
  ]);
}

export function efComBytes(tagList = '61756e6f', ldsVersion = '0108'): Uint8Array {
  const object = (tag: number, content: Uint8Array): Uint8Array =>
    Uint8Array.of(0x5f, tag, content.length, ...content);
  return tlv(
    0x60,
    object(0x01, ascii(ldsVersion)),
    object(0x36, ascii('040000')),
    tlv(0x5c, Buffer.from(tagList, 'hex')),
  );
}

export function hashesOf(
  dataGroups: ReadonlyMap<number, Uint8Array>,
  algorithm: 'SHA-256' | 'SHA-512' | 'SHA-384' = 'SHA-256',
): ReadonlyMap<number, Uint8Array> {
  const { node } = digestByName(algorithm);
  return new Map([...dataGroups].map(([number, file]) => [number, createHash(node).update(file).digest()]));
}

/** LDSSecurityObject with liberties. */
export function ldsContent(
  change: {
    version?: number;
    hashAlgorithm?: Uint8Array;
    hashes?: readonly (readonly [number, Uint8Array])[];
    versionInfo?: readonly Uint8Array[];
  } = {},
): Uint8Array {
  const { version = 1, hashAlgorithm = encodeDigestAlgorithm('SHA-256') } = change;
  const hashes = change.hashes ?? [...hashesOf(chip())];
  const versionInfo = change.versionInfo ?? [sequence(printableString('0108'), printableString('040000'))];
  return sequence(
    integer(version),
    hashAlgorithm,
    sequence(...hashes.map(([number, hash]) => sequence(integer(number), octetString(hash)))),
    ...versionInfo,
  );
}

export function sodParts(
  signer: ObjectSigner = signerOf('document-signer'),
  dataGroups = chip(),
): SignedDataParts {
  const { digest } = signer.key.algorithm.signature;
  const hashAlgorithm = digest === 'SHA-384' || digest === 'SHA-512' ? digest : 'SHA-256';
  return {
    ...partsOf(signer, {
      contentType: oids.ldsSecurityObject,
      eContent: encodeLdsSecurityObject({
        version: 1,
        hashAlgorithm,
        dataGroupHashes: hashesOf(dataGroups, hashAlgorithm),
        ldsVersion: '0108',
        unicodeVersion: '040000',
      }),
      certificates: [signer.certificate],
      signerVersion: 1,
      sid: issuerAndSerialNumberOf(signer),
    }),
    wrap: (contentInfo) => tlv(0x77, contentInfo),
  };
}
