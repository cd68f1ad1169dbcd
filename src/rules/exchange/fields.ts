import { z } from 'zod';
import type { JsonValue } from '../../formats/canonical-json.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';

/** Fields of the exchange bundles and of ceremonies, as JSON carries them. */

export const sha256Field = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 digest in 64 hexadecimal digits');

/** The random name of an instance, and a CKA_ID. */
export const instanceIdField = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

/** Octets in base64 as RFC 4648 §4 has it, in the one spelling that it has for them. */
export const octetsField = z.string().refine(isBase64, 'must be base64 with padding').transform(fromBase64);

function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text;
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

export function toBase64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

/** UTC to the second, as certificates have it. */
export const instantField = z
  .string()
  .refine(
    (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && instantText(new Date(text)) === text,
    'must be an instant such as 2026-11-21T22:22:29Z',
  )
  .transform((text) => new Date(text));

export function instantText(instant: Date): string {
  return Number.isNaN(instant.getTime()) ? '' : instant.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export const serialNumberField = z
  .string()
  .regex(/^[1-9a-f][0-9a-f]{0,39}$/, 'must be hexadecimal digits without leading zeros')
  .transform((digits) => BigInt(`0x${digits}`));

/** @throws MalformedInput naming the first member that does not fit */
export function parseWith<T extends z.ZodType>(schema: T, value: unknown, field: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).join('.');
  throw new MalformedInput(path === '' ? field : `${field}.${path}`, issue?.message ?? 'does not fit');
}

/**
 * That the bundle is of this kind, before a member that the other kind has not is found unknown.
 *
 * @throws MalformedInput
 */
export function assertBundleKind(bundle: JsonValue, kind: 'sigillo-request' | 'sigillo-response'): void {
  const found = z.object({ content: z.object({ kind: z.string() }) }).safeParse(bundle);
  const told = found.success ? JSON.stringify(found.data.content.kind) : 'not told';
  if (told === JSON.stringify(kind)) return;
  throw new MalformedInput('content.kind', `is ${told}; here a file is needed whose kind is "${kind}"`, {
    source: 'docs/formats/exchange-bundle.md',
  });
}
