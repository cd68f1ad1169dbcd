import type { IssuanceIntent } from '../../services/ports.ts';

/** The name of an intent in the records; what it claims stands in it, so that it can be claimed once only. */
export function intentId(intent: IssuanceIntent): string {
  switch (intent.kind) {
    case 'key':
      return `key:${intent.order.keyId}`;
    case 'certificate':
      return `certificate:${intent.order.serialNumber.toString(16)}`;
    case 'crl':
      return `crl:${intent.crlNumber}`;
    case 'master-list':
      return `master-list:${intent.version}`;
  }
}

/** JSON in which octets, big integers and instants carry their type. */
export function intentToJson(intent: IssuanceIntent): string {
  return JSON.stringify(tagged(intent));
}

export function intentFromJson(text: string): IssuanceIntent {
  return untagged(JSON.parse(text)) as IssuanceIntent;
}

function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { $integer: value.toString() };
  if (value instanceof Uint8Array) return { $octets: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return { $instant: value.toISOString() };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tagged(part)]));
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== 'object' || value === null) return value;
  if ('$integer' in value) return BigInt(String(value.$integer));
  if ('$octets' in value) return Uint8Array.from(Buffer.from(String(value.$octets), 'base64'));
  if ('$instant' in value) return new Date(String(value.$instant));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, untagged(part)]));
}
