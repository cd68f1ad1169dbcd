import { hash } from 'node:crypto';
import { z } from 'zod';
import { digestByName } from '../../formats/algorithms/digests.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { LdsVersion } from '../../rules/sod/sod-rules.ts';
import type { RecordedSod } from '../../services/ports.ts';
import type { SodRequest } from '../../services/sod/sod-service.ts';

/** Before `==` the low four bits of the last digit are 0, before `=` the low two (RFC 4648 §3.5). */
const strayBits = /(?:[^AQgw]=|[^AEIMQUYcgkosw048=])=$/;

const base64 = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'is not base64 (RFC 4648 §4)')
  .refine((text) => !strayBits.test(text.slice(-3)), 'has stray bits at its end')
  .meta({ contentEncoding: 'base64' });

const dataGroupNumber = z.string().regex(/^([1-9]|1[0-6])$/, 'is not a data group number from 1 to 16');
const byDataGroup = z.record(dataGroupNumber, base64);

const requestIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9._:-]{1,128}$/,
    'must be 1 to 128 letters, digits, dots, underscores, colons or hyphens',
  );

/** The body of `POST /v1/sods`, and the source of its OpenAPI schema. */
export const sodRequestSchema = z.strictObject({
  requestId: requestIdSchema.describe(
    'Chosen by the station, one per document; repeating it returns the same bytes.',
  ),
  documentType: z
    .string()
    .regex(/^[A-Z][A-Z<]?$/, 'must be the document code of the MRZ, e.g. P or IR')
    .describe('Document code as in MRZ positions 1 and 2; the filler may be left out.'),
  digestAlgorithm: z
    .enum(['SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'])
    .describe('Of the data group hashes. Which of these are allowed is policy; SHA-1 never is.'),
  lds: z
    .strictObject({
      version: z.enum(['1.7', '1.8']).describe('1.7 writes LDSSecurityObject v0, 1.8 writes v1.'),
      unicode: z
        .string()
        .regex(/^(\d{6}|\d{1,2}\.\d{1,2}\.\d{1,2})$/, 'must be e.g. 4.0.0 or 040000')
        .optional()
        .describe('Unicode version as in EF.COM; required with 1.8, where it is signed.'),
    })
    .refine((lds) => lds.version === '1.7' || lds.unicode !== undefined, {
      error: 'is required with LDS 1.8 (Doc 9303-10 §4.6.2.3)',
      path: ['unicode'],
    }),
  dataGroupHashes: byDataGroup.describe('Digest of each complete EF.DG on the chip, by its number.'),
  dataGroups: byDataGroup
    .optional()
    .describe('EF.DG contents; where given they are hashed again and compared.'),
  document: z
    .strictObject({
      number: z
        .string()
        .regex(/^[A-Z0-9<]{1,24}$/, 'must be as in the MRZ')
        .optional(),
      chipSerial: z.string().min(1).max(64).optional(),
      applicationId: z.string().min(1).max(64).optional(),
    })
    .optional(),
});

export type SodRequestBody = z.infer<typeof sodRequestSchema>;

/** The answer of `POST /v1/sods`, and the source of its OpenAPI schema. */
export const sodResponseSchema = z.strictObject({
  requestId: z.string(),
  sod: z.string().describe('EF.SOD with its tag 77, base64.').meta({ contentEncoding: 'base64' }),
  documentSigner: z.string().describe('SHA-256 of the Document Signer certificate, hexadecimal.'),
  logLeaf: z.int().describe('Index of the leaf in the log.'),
});

/** The answer to one line of a batch whose SOD is there. */
export const sodLineSchema = sodResponseSchema.extend({
  status: z.literal([201, 200]).describe('201 signed, 200 the same bytes as before.'),
});

/** A SOD as it is answered: the same octets for ever. */
export function sodJson(sod: RecordedSod): string {
  const { requestId, efSod, documentSigner, logLeaf } = sod;
  return JSON.stringify({
    requestId,
    sod: Buffer.from(efSod.buffer, efSod.byteOffset, efSod.length).toString('base64'),
    documentSigner,
    logLeaf,
  });
}

export interface ParsedSodRequest {
  readonly request: SodRequest;
  readonly dataGroups: ReadonlyMap<number, Uint8Array>;
}

/** A request id in a path. @throws MalformedInput when none can be like this */
export function parseRequestId(text: unknown): string {
  const result = requestIdSchema.safeParse(text);
  if (result.success) return result.data;
  throw new MalformedInput('requestId', result.error.issues[0]?.message ?? 'is malformed');
}

/** The request id of an order that may be malformed otherwise, so that its station knows which one it was. */
export function requestIdIn(order: unknown): string | undefined {
  return requestIdSchema.safeParse(valueAt(order, ['requestId'])).data;
}

/** @throws MalformedInput naming the field and what is wrong with it */
export function parseSodRequest(body: unknown): ParsedSodRequest {
  const result = sodRequestSchema.safeParse(body);
  if (!result.success) throw firstIssue(result.error, body);
  const { requestId, documentType, digestAlgorithm, lds, dataGroupHashes, dataGroups, document } =
    result.data;
  const hashes = octetsByNumber(dataGroupHashes);
  assertDigestLengths(hashes, digestAlgorithm);
  const content = {
    documentType: documentType.replace('<', ''),
    digestAlgorithm,
    lds: parseLdsVersion(lds),
    dataGroupHashes: hashes,
  };
  const request = { requestId, ...content, contentDigest: contentDigest(content, document) };
  return { request, dataGroups: octetsByNumber(dataGroups ?? {}) };
}

function firstIssue(error: z.ZodError, body: unknown): MalformedInput {
  const issue = error.issues[0];
  const path = issue?.path.map(String).join('.') || 'body';
  const innermost = issue?.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const isAbsent = issue?.code === 'invalid_type' && valueAt(body, issue.path) === undefined;
  return new MalformedInput(path, isAbsent ? 'is missing' : (innermost ?? issue?.message ?? 'is malformed'));
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    body,
  );
}

/** Ascending: so names that are numbers come, whatever their order was (ECMA-262, OrdinaryOwnPropertyKeys). */
function octetsByNumber(values: Record<string, string>): Map<number, Uint8Array> {
  const octets = new Map<number, Uint8Array>();
  for (const [number, text] of Object.entries(values)) {
    octets.set(Number(number), new Uint8Array(Buffer.from(text, 'base64')));
  }
  return octets;
}

function assertDigestLengths(
  hashes: ReadonlyMap<number, Uint8Array>,
  digestAlgorithm: SodRequest['digestAlgorithm'],
): void {
  const { octets } = digestByName(digestAlgorithm);
  for (const [number, hash] of hashes) {
    if (hash.length === octets) continue;
    throw new MalformedInput(
      `dataGroupHashes.${number}`,
      `has ${hash.length} octets, a ${digestAlgorithm} digest has ${octets}`,
      { source: 'Doc 9303-10 §4.6.2.3' },
    );
  }
}

function parseLdsVersion(lds: SodRequestBody['lds']): LdsVersion {
  if (lds.version === '1.7') return { version: '1.7' };
  const unicode = lds.unicode ?? '';
  const unicodeVersion = unicode.includes('.')
    ? unicode
        .split('.')
        .map((part) => part.padStart(2, '0'))
        .join('')
    : unicode;
  return { version: '1.8', unicodeVersion };
}

/** SHA-256 over the canonical form of what the station asks to have signed, and for which document. */
function contentDigest(
  content: Omit<SodRequest, 'requestId' | 'contentDigest'>,
  document: SodRequestBody['document'],
): string {
  const canonical = JSON.stringify([
    content.documentType,
    content.digestAlgorithm,
    content.lds.version,
    content.lds.version === '1.8' ? content.lds.unicodeVersion : null,
    [...content.dataGroupHashes].map(([number, octets]) => [number, Buffer.from(octets).toString('hex')]),
    document === undefined
      ? null
      : [document.number ?? null, document.chipSerial ?? null, document.applicationId ?? null],
  ]);
  return hash('sha256', canonical);
}
