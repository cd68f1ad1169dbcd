import { MalformedInput } from './malformed-input.ts';

/**
 * The contents of a PEM file (RFC 7468), whatever their labels; a file that is not PEM is its own only content.
 *
 * @throws MalformedInput when a PEM block does not end or is no base64
 */
export function fromPem(bytes: Uint8Array): readonly Uint8Array[] {
  const start = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  if (!start.includes('-----BEGIN ')) return [bytes];
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN ([^-\r\n]+)-----([^-]*)-----END \1-----/g)];
  if (blocks.length === 0)
    throw new MalformedInput('PEM', 'has no complete block', { source: 'RFC 7468 §2' });
  return blocks.map(([, , base64 = '']) => decodeBase64(base64.replace(/\s+/g, '')));
}

function decodeBase64(base64: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) {
    throw new MalformedInput('PEM', 'is not base64', { source: 'RFC 7468 §3' });
  }
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/** One PEM block with its label, e.g. `CERTIFICATE`. */
export function toPem(label: string, octets: Uint8Array): string {
  const base64 = Buffer.from(octets).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
