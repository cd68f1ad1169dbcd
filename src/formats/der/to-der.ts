import type { Element } from './reader.ts';
import { inDerOrder, tlv } from './writer.ts';

/**
 * Writes a BER element again as DER: minimal definite lengths, strings in one part, SETs in order. For CMS, which
 * has attributes signed as DER however they travel (RFC 5652 §5.4); nothing else is ever encoded again.
 */
export function toDer(element: Element): Uint8Array {
  if (element.tag === 0x24) return tlv(0x04, element.octetString());
  if (!element.isConstructed) return encode(element.tag, [element.content]);
  const parts = element.children(element.field).map(toDer);
  return encode(element.tag, element.tag === 0x31 ? inDerOrder(parts) : parts);
}

/** As `toDer` for an implicitly tagged SET OF, written with the universal tag SET. */
export function toDerSet(element: Element): Uint8Array {
  return tlv(0x31, ...inDerOrder(element.children(element.field).map(toDer)));
}

function encode(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  if (tag <= 0xff) return tlv(tag, ...parts);
  const encoded = tlv(tag & 0xff, ...parts);
  const leading: number[] = [];
  for (let rest = Math.floor(tag / 256); rest > 0; rest = Math.floor(rest / 256))
    leading.unshift(rest & 0xff);
  return Buffer.concat([Uint8Array.from(leading), encoded]);
}
