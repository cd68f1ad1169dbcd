import { tags } from './tags.ts';

interface DecodedString {
  /** Undefined when the tag is none of a character string. */
  readonly text: string | undefined;
  /** What in the content the type does not allow, as a phrase. */
  readonly deviation: string | undefined;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Text of a character string. Characters that the type does not have are read as well as can be. */
export function decodeString(tag: number, content: Uint8Array): DecodedString {
  switch (tag) {
    case tags.utf8String:
      return decodeUtf8(content);
    case tags.printableString:
      return singleOctet(content, /^[A-Za-z0-9 '()+,\-./:=?]*$/, 'PrintableString');
    case tags.numericString:
      return singleOctet(content, /^[0-9 ]*$/, 'NumericString');
    case tags.ia5String:
      // oxlint-disable-next-line no-control-regex -- IA5String is exactly the 128 ASCII characters
      return singleOctet(content, /^[\x00-\x7f]*$/, 'IA5String');
    case tags.visibleString:
      return singleOctet(content, /^[\x20-\x7e]*$/, 'VisibleString');
    case tags.teletexString:
    case tags.generalString:
      // In practice Latin-1; nobody writes the escape sequences of T.61.
      return { text: latin1(content), deviation: undefined };
    case tags.bmpString:
      return wideString(content, 2);
    case tags.universalString:
      return wideString(content, 4);
    default:
      return { text: undefined, deviation: undefined };
  }
}

function latin1(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1');
}

function decodeUtf8(content: Uint8Array): DecodedString {
  try {
    return { text: strictUtf8.decode(content), deviation: undefined };
  } catch {
    return { text: utf8.decode(content), deviation: 'is not UTF-8' };
  }
}

function singleOctet(content: Uint8Array, allowed: RegExp, type: string): DecodedString {
  const text = latin1(content);
  if (allowed.test(text)) return { text, deviation: undefined };
  // What claims to be PrintableString with octets above 7F is UTF-8 as often as Latin-1.
  const { text: asUtf8, deviation } = decodeUtf8(content);
  return {
    text: deviation === undefined ? asUtf8 : text,
    deviation: `has characters that ${type} does not have`,
  };
}

function wideString(content: Uint8Array, width: 2 | 4): DecodedString {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  let text = '';
  for (let at = 0; at + width <= content.length; at += width) {
    const code = width === 2 ? view.getUint16(at) : view.getUint32(at);
    text += code > 0x10ffff ? '\ufffd' : width === 2 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }
  const whole = content.length % width === 0;
  return { text, deviation: whole ? undefined : `does not have a multiple of ${width} octets` };
}
