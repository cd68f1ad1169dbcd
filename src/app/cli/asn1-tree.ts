import { isDer } from '../../formats/der/is-der.ts';
import { type Element, readElement } from '../../formats/der/reader.ts';
import { tagName, tags } from '../../formats/der/tags.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { Tolerances } from '../../formats/note.ts';
import { hex, instantText, oidText } from './dump.ts';

/**
 * An ASN.1 element and all in it, a line each: offset, length of content, type, value. OCTET STRINGs that hold an
 * element are opened too.
 *
 * @throws MalformedInput when `bytes` do not begin with an element
 */
export function asn1Tree(bytes: Uint8Array): readonly string[] {
  const element = readElement(bytes, 'file', new Tolerances(), { iso7816Tags: true });
  return [...lines(element, 0, 0)];
}

function* lines(element: Element, depth: number, base: number): Generator<string, void, void> {
  const place = String(base + element.offset).padStart(6);
  const start = `${place} ${String(element.contentLength).padStart(6)}  ${'  '.repeat(depth)}`;
  if (element.isConstructed) {
    yield `${start}${tagName(element.tag)}`;
    for (const child of element.elements('element')) yield* lines(child, depth + 1, base);
    return;
  }
  yield `${start}${tagName(element.tag)} ${valueText(element)}`.trimEnd();
  const inner = innerElement(element, depth);
  if (inner !== undefined) yield* lines(inner.element, depth + 1, base + inner.offset);
}

/** Beyond this nothing encapsulated is opened: every level of it is read again. */
const maxOpenDepth = 24;

/** What is encapsulated in an OCTET STRING or BIT STRING, if that is constructed DER and nothing else. */
function innerElement(element: Element, depth: number): { element: Element; offset: number } | undefined {
  const skipped = element.tag === tags.bitString ? 1 : element.tag === tags.octetString ? 0 : undefined;
  if (skipped === undefined || element.contentLength < 4 || depth > maxOpenDepth) return undefined;
  const content = element.content.subarray(skipped);
  const isConstructed = ((content[0] ?? 0) & 0x20) !== 0;
  if (!isConstructed || !isDer(content)) return undefined;
  const inner = readElement(content, 'element', new Tolerances());
  return { element: inner, offset: element.contentOffset + skipped };
}

function valueText(element: Element): string {
  try {
    return decodedValue(element);
  } catch (error) {
    if (error instanceof MalformedInput) return hexText(element.content);
    throw error;
  }
}

function decodedValue(element: Element): string {
  switch (element.tag) {
    case tags.boolean:
      return String(element.boolean());
    case tags.integer:
      return element.contentLength > 8 ? hexText(element.content) : String(element.integer());
    case tags.objectIdentifier: {
      const oid = element.objectIdentifier();
      const name = oidText(oid);
      return name === oid ? oid : `${oid} ${name}`;
    }
    case tags.null:
      return '';
    case tags.utcTime:
    case tags.generalizedTime:
      return instantText(element.time());
    case tags.utf8String:
    case tags.printableString:
    case tags.ia5String:
    case tags.teletexString:
    case tags.bmpString:
    case tags.visibleString:
      return JSON.stringify(element.string());
    default:
      return hexText(element.content);
  }
}

function hexText(octets: Uint8Array): string {
  return octets.length <= 32 ? hex(octets) : `${hex(octets.subarray(0, 32))}…`;
}
