import { createHash } from 'node:crypto';
import { z } from 'zod';
import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { encodeCanonicalJson, type JsonValue, parseCanonicalJson } from '../../formats/canonical-json.ts';
import { decodeCertificationRequest } from '../../formats/x509/certification-request.ts';
import { exchangeKeyAlgorithm, isSignedBy } from './exchange-key.ts';
import {
  assertBundleKind,
  instanceIdField,
  instantField,
  instantText,
  octetsField,
  parseWith,
  serialNumberField,
  sha256Field,
  toBase64,
} from './fields.ts';

/** What the online instance asks of the CSCA (docs/formats/exchange-bundle.md). */

const requestField = z.strictObject({
  keyId: instanceIdField,
  profile: z.string().min(1),
  keyAlgorithm: z.string().min(1),
  publicKey: octetsField,
  subject: z.strictObject({
    country: z.string(),
    sequence: z.string().optional(),
    name: z.string().optional(),
    hosts: z.array(z.string().min(1)).min(1).optional(),
  }),
  usage: z.strictObject({ from: instantField, until: instantField }),
  /** PKCS#10 request of a holder outside, whose key is not on the requester's token. */
  csr: octetsField.optional(),
});

const revocationField = z.strictObject({
  serialNumber: serialNumberField,
  revocationDate: instantField,
  reason: z.string().min(1),
});

const contentSchema = z.strictObject({
  kind: z.literal('sigillo-request'),
  version: z.literal(1),
  from: instanceIdField,
  to: instanceIdField,
  sequence: z.int().min(1),
  previous: sha256Field.nullable(),
  createdAt: instantField,
  state: z.strictObject({ country: z.string(), mrzCode: z.string() }),
  policyDigest: sha256Field,
  requests: z.array(requestField).max(1_000),
  revocations: z.array(revocationField),
});

const bundleSchema = z.strictObject({
  content: z.unknown(),
  proofs: z.array(octetsField),
  signature: octetsField,
});

export type RequestContent = z.infer<typeof contentSchema>;
/** One key to be certified. */
export type RequestedKey = RequestContent['requests'][number];

export interface RequestBundle {
  readonly content: RequestContent;
  /** One for each request, by its key. */
  readonly proofs: readonly Uint8Array[];
  readonly signature: Uint8Array;
  readonly contentOctets: Uint8Array;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

/** @throws MalformedInput unless these octets are a request's content in its one spelling */
export function parseRequestContent(octets: Uint8Array): RequestContent {
  return parseWith(contentSchema, parseCanonicalJson(octets, 'request'), 'request');
}

/** @throws MalformedInput unless these octets are a request bundle in its one spelling; signatures are not looked at */
export function parseRequestBundle(octets: Uint8Array): RequestBundle {
  const json = parseCanonicalJson(octets, 'request bundle');
  assertBundleKind(json, 'sigillo-request');
  const { content, proofs, signature } = parseWith(bundleSchema, json, 'request bundle');
  const contentOctets = encodeCanonicalJson(content as JsonValue);
  return {
    content: parseRequestContent(contentOctets),
    proofs,
    signature,
    contentOctets,
    sha256: createHash('sha256').update(octets).digest('hex'),
  };
}

export function encodeRequestContent(content: RequestContent): Uint8Array {
  return encodeCanonicalJson({
    ...content,
    createdAt: instantText(content.createdAt),
    requests: content.requests.map(({ publicKey, usage, subject, csr, ...request }) => ({
      ...request,
      ...(csr === undefined ? {} : { csr: toBase64(csr) }),
      subject: withoutAbsent(subject),
      publicKey: toBase64(publicKey),
      usage: { from: instantText(usage.from), until: instantText(usage.until) },
    })),
    revocations: content.revocations.map(({ serialNumber, revocationDate, reason }) => ({
      serialNumber: serialNumber.toString(16),
      revocationDate: instantText(revocationDate),
      reason,
    })),
  });
}

function withoutAbsent(subject: RequestedKey['subject']): { readonly [name: string]: JsonValue } {
  return Object.fromEntries(
    Object.entries(subject).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined),
  );
}

/** What the exchange key signs: content and proofs. */
export function requestSignedJson(content: Uint8Array, proofs: readonly Uint8Array[]): Uint8Array {
  return encodeCanonicalJson({
    content: parseCanonicalJson(content, 'request'),
    proofs: proofs.map(toBase64),
  });
}

export function encodeRequestBundle(
  content: Uint8Array,
  proofs: readonly Uint8Array[],
  signature: Uint8Array,
): Uint8Array {
  return encodeCanonicalJson({
    content: parseCanonicalJson(content, 'request'),
    proofs: proofs.map(toBase64),
    signature: toBase64(signature),
  });
}

/** Whether the bundle is signed by an exchange key. */
export function isRequestSigned(bundle: RequestBundle, exchangeKey: Uint8Array): boolean {
  const json = requestSignedJson(bundle.contentOctets, bundle.proofs);
  return isSignedBy(exchangeKey, exchangeKeyAlgorithm, 'request', json, bundle.signature);
}

/**
 * Whether the holder of a requested key has signed the content with it; a holder outside has signed the PKCS#10
 * request in its place.
 */
export function isProven(bundle: RequestBundle, index: number): boolean {
  const request = bundle.content.requests[index];
  const proof = bundle.proofs[index];
  if (request === undefined || proof === undefined) return false;
  if (request.csr !== undefined) return proof.length === 0 && isProvenByRequest(request.csr, request);
  return isSignedBy(request.publicKey, request.keyAlgorithm, 'proof', bundle.contentOctets, proof);
}

function isProvenByRequest(csr: Uint8Array, { publicKey }: RequestedKey): boolean {
  const { subjectPublicKey, signatureAlgorithm, infoBytes, signature } = decodeCertificationRequest(csr);
  return (
    Buffer.compare(subjectPublicKey.bytes, publicKey) === 0 &&
    signatureAlgorithm.kind !== 'unsupported' &&
    verifySignature(signatureAlgorithm, subjectPublicKey, infoBytes, signature)
  );
}
