import { MalformedInput } from '../malformed-input.ts';
import { Tolerances } from '../note.ts';
import { readElement, type Element } from './reader.ts';
import { tags } from './tags.ts';

/**
 * Requires that `bytes` are one DER element all the way down: lengths, primitive values and the order of every
 * SET. What is inside OCTET STRINGs and implicitly tagged primitives is not looked at, nor are DEFAULT values
 * and implicitly tagged SETs, which only their own decoder can recognise.
 *
 * @param isKnown says of a constructed element that it is DER without its parts being looked at
 * @throws MalformedInput with the offset of the first octet that is not DER
 */
export function requireDer(bytes: Uint8Array, field: string, isKnown?: IsKnown): void {
  requireDerElement(readElement(bytes, field, new Tolerances({ strict: true })), isKnown);
}

type IsKnown = (element: Element) => boolean;

export function isDer(bytes: Uint8Array): boolean {
  try {
    requireDer(bytes, 'input');
    return true;
  } catch (error) {
    if (error instanceof MalformedInput) return false;
    throw error;
  }
}

function requireDerElement(element: Element, isKnown: IsKnown | undefined): void {
  if (!element.isConstructed) return requireDerPrimitive(element);
  if (isKnown?.(element) === true) return;
  if (element.tag < 0x40 && element.tag !== tags.sequence && element.tag !== tags.set) {
    throw element.fault('is constructed where DER wants it primitive', 'X.690 §10.2');
  }
  let previous: Element | undefined;
  for (const child of element.children(element.field)) {
    requireDerElement(child, isKnown);
    if (
      element.tag === tags.set &&
      previous !== undefined &&
      Buffer.compare(previous.bytes, child.bytes) > 0
    ) {
      throw element.fault('is a SET whose elements are not in order', 'X.690 §11.6');
    }
    previous = child;
  }
}

function requireDerPrimitive(element: Element): void {
  switch (element.tag) {
    case tags.boolean:
      element.boolean();
      return;
    case tags.integer:
    case tags.enumerated:
      element.integerOctets(element.tag);
      return;
    case tags.bitString:
      element.bitString();
      return;
    case tags.null:
      element.null();
      return;
    case tags.objectIdentifier:
      element.objectIdentifier();
      return;
    case tags.utcTime:
    case tags.generalizedTime:
      element.time();
      return;
    case tags.sequence & ~0x20:
    case tags.set & ~0x20:
      throw element.fault('is primitive where it must be constructed', 'X.690 §8.9.1');
    default:
  }
}

/** Notes a SET OF that is out of order; for those under an implicit tag, which `requireDer` cannot see. */
export function requireSetOrder(element: Element): void {
  if (isInSetOrder(element)) return;
  element.tolerate('BER_SET_ORDER', 'is a SET OF whose elements are not in order', 'X.690 §11.6');
}

function isInSetOrder(element: Element): boolean {
  let previous: Element | undefined;
  for (const child of element.children(element.field)) {
    if (previous !== undefined && Buffer.compare(previous.bytes, child.bytes) > 0) return false;
    previous = child;
  }
  return true;
}
