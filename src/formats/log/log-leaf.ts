import { MalformedInput } from '../malformed-input.ts';

/** What a leaf of the log is about. */
export const logEvents = [
  'sod',
  'key',
  'key-end',
  'certificate',
  'revocation',
  'crl',
  'master-list',
  'rollover',
  'bundle',
] as const;

/** What a leaf says (docs/formats/log-leaf.md). Digests only: no personal data, nothing guessable. */
export interface LogEvent {
  readonly event: (typeof logEvents)[number];
  /** SHA-256 of the product, hexadecimal. */
  readonly sha256: string;
  /** When it was put on record, UTC with milliseconds. */
  readonly at: string;
}

export function encodeLogLeaf({ event, sha256, at }: LogEvent): string {
  return JSON.stringify({ event, sha256, at });
}

const form =
  /^\{"event":"([a-z0-9-]+)","sha256":"([0-9a-f]{64})","at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"\}$/;

/** @throws MalformedInput on anything but the one spelling of a leaf */
export function decodeLogLeaf(text: string): LogEvent {
  const [, name, sha256, at] = form.exec(text) ?? [];
  const event = logEvents.find((candidate) => candidate === name);
  if (event !== undefined && sha256 !== undefined && at !== undefined) return { event, sha256, at };
  throw new MalformedInput('log leaf', 'is not event, sha256 and at in compact JSON', {
    source: 'docs/formats/log-leaf.md',
  });
}
