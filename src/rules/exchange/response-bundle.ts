import { createHash } from 'node:crypto';
import { z } from 'zod';
import { encodeCanonicalJson, type JsonValue, parseCanonicalJson } from '../../formats/canonical-json.ts';
import { exchangeKeyAlgorithm, isSignedBy } from './exchange-key.ts';
import {
  assertBundleKind,
  instanceIdField,
  instantField,
  instantText,
  octetsField,
  parseWith,
  sha256Field,
  toBase64,
} from './fields.ts';

/** What the CSCA gives back (docs/formats/exchange-bundle.md). */

const contentSchema = z.strictObject({
  kind: z.literal('sigillo-response'),
  version: z.literal(1),
  from: instanceIdField,
  to: instanceIdField,
  sequence: z.int().min(1),
  previous: sha256Field.nullable(),
  answers: z.strictObject({ sequence: z.int().min(1), sha256: sha256Field }),
  createdAt: instantField,
  policyDigest: sha256Field,
  cscaCertificates: z.array(z.strictObject({ profile: z.string().min(1), certificate: octetsField })).min(1),
  certificates: z.array(z.strictObject({ keyId: instanceIdField, certificate: octetsField })),
  crl: octetsField,
  /** A change of the CSCA key that the receiving States are to be told of. */
  rollover: z.strictObject({ announcedAt: instantField, notBefore: instantField }).nullable(),
});

const bundleSchema = z.strictObject({ content: z.unknown(), signature: octetsField });

export type ResponseContent = z.infer<typeof contentSchema>;

export interface ResponseBundle {
  readonly content: ResponseContent;
  readonly signature: Uint8Array;
  readonly contentOctets: Uint8Array;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

/** @throws MalformedInput unless these octets are a response's content in its one spelling */
export function parseResponseContent(octets: Uint8Array): ResponseContent {
  return parseWith(contentSchema, parseCanonicalJson(octets, 'response'), 'response');
}

/** @throws MalformedInput unless these octets are a response bundle in its one spelling; the signature is not looked at */
export function parseResponseBundle(octets: Uint8Array): ResponseBundle {
  const json = parseCanonicalJson(octets, 'response bundle');
  assertBundleKind(json, 'sigillo-response');
  const { content, signature } = parseWith(bundleSchema, json, 'response bundle');
  const contentOctets = encodeCanonicalJson(content as JsonValue);
  return {
    content: parseResponseContent(contentOctets),
    signature,
    contentOctets,
    sha256: createHash('sha256').update(octets).digest('hex'),
  };
}

export function encodeResponseContent(content: ResponseContent): Uint8Array {
  return encodeCanonicalJson({
    ...content,
    createdAt: instantText(content.createdAt),
    cscaCertificates: content.cscaCertificates.map(({ profile, certificate }) => ({
      profile,
      certificate: toBase64(certificate),
    })),
    certificates: content.certificates.map(({ keyId, certificate }) => ({
      keyId,
      certificate: toBase64(certificate),
    })),
    crl: toBase64(content.crl),
    rollover: content.rollover && {
      announcedAt: instantText(content.rollover.announcedAt),
      notBefore: instantText(content.rollover.notBefore),
    },
  });
}

export function encodeResponseBundle(content: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeCanonicalJson({
    content: parseCanonicalJson(content, 'response'),
    signature: toBase64(signature),
  });
}

/** Whether the bundle is signed by an exchange key. */
export function isResponseSigned(bundle: ResponseBundle, exchangeKey: Uint8Array): boolean {
  const { contentOctets, signature } = bundle;
  return isSignedBy(exchangeKey, exchangeKeyAlgorithm, 'response', contentOctets, signature);
}
