import { readElement } from '../der/reader.ts';
import { MalformedInput } from '../malformed-input.ts';
import { type DecodeOptions, Tolerances } from '../note.ts';

/** A machine readable zone, read from its lines (Doc 9303-4 §4.2.2, -5 §4.2.2, -6 §4.2.2). */
export interface Mrz {
  readonly format: 'TD1' | 'TD2' | 'TD3';
  readonly lines: readonly string[];
  /** One or two letters, without fillers. */
  readonly documentCode: string;
  /** Issuing State or organisation without fillers, e.g. `UTO`, `D`. */
  readonly issuingState: string;
  readonly documentNumber: string;
  readonly nationality: string;
  /** `YYMMDD`; unknown parts are `<`. */
  readonly dateOfBirth: string;
  readonly sex: string;
  /** `YYMMDD`. */
  readonly dateOfExpiry: string;
  readonly optionalData: string;
  readonly primaryIdentifier: string;
  readonly secondaryIdentifier: string;
  /** Fields whose check digit is wrong, in the words of the standard. */
  readonly wrongCheckDigits: readonly string[];
}

/**
 * DG1: `61 L 5F1F L MRZ`, the lines joined without separators.
 *
 * @throws MalformedInput
 * @see Doc 9303-10 §4.7.1
 */
export function decodeDg1(bytes: Uint8Array, options: DecodeOptions = {}): Mrz {
  const element = readElement(bytes, 'DG1', new Tolerances(options), { iso7816Tags: true }).expect(0x61);
  const mrz = element.only('MRZ').expect(0x5f1f);
  return parseMrz(Buffer.from(mrz.content).toString('latin1'));
}

/**
 * @param text 90 (TD1), 72 (TD2) or 88 (TD3) characters `A`–`Z`, `0`–`9`, `<`; line breaks may stand between
 * @throws MalformedInput on another length or character; wrong check digits are only listed
 */
export function parseMrz(text: string): Mrz {
  const characters = text.replace(/[\r\n]/g, '');
  if (!/^[A-Z0-9<]*$/.test(characters)) {
    throw new MalformedInput('MRZ', 'has characters other than A–Z, 0–9 and <', {
      source: 'Doc 9303-3 §4.3',
    });
  }
  switch (characters.length) {
    case 90:
      return parseTd1(characters);
    case 72:
      return parseTd2Or3('TD2', characters, 36);
    case 88:
      return parseTd2Or3('TD3', characters, 44);
    default:
      throw new MalformedInput('MRZ', `has ${characters.length} characters`, { source: 'Doc 9303-3 §4.2' });
  }
}

/**
 * Check digit over fields of the MRZ: weights 7, 3, 1 over digits as they are, A = 10 … Z = 35, `<` = 0, modulo 10.
 *
 * @see Doc 9303-3 §4.9
 */
export function mrzCheckDigit(field: string): string {
  const weights = [7, 3, 1];
  let sum = 0;
  for (let i = 0; i < field.length; i += 1) sum += (weights[i % 3] ?? 0) * characterValue(field.charAt(i));
  return String(sum % 10);
}

function characterValue(character: string): number {
  return character === '<' ? 0 : Number.parseInt(character, 36);
}

interface DocumentNumber {
  readonly documentNumber: string;
  readonly optionalData: string;
  readonly isCheckDigitRight: boolean;
}

/**
 * A number of more than nine characters has `<` for its check digit and goes on in the optional data, followed by
 * the check digit over all of it (Doc 9303-5 §4.2.2.1 note j).
 */
function parseDocumentNumber(number: string, checkDigit: string, optional: string): DocumentNumber {
  const rest = /^([A-Z0-9]+)([0-9])(?:<|$)/.exec(optional);
  if (checkDigit !== '<' || rest === null) {
    const documentNumber = withoutFillers(number);
    const isCheckDigitRight = mrzCheckDigit(number) === checkDigit;
    return { documentNumber, optionalData: withoutFillers(optional), isCheckDigitRight };
  }
  const [whole = '', more = '', digit = ''] = rest;
  return {
    documentNumber: number + more,
    optionalData: withoutFillers(optional.slice(whole.length)),
    isCheckDigitRight: mrzCheckDigit(number + more) === digit,
  };
}

function parseTd1(text: string): Mrz {
  const [one, two, three] = [text.slice(0, 30), text.slice(30, 60), text.slice(60)];
  const number = parseDocumentNumber(one.slice(5, 14), one.charAt(14), one.slice(15));
  const composite = one.slice(5) + two.slice(0, 7) + two.slice(8, 15) + two.slice(18, 29);
  const rightDigits: [string, boolean][] = [
    ['documentNumber', number.isCheckDigitRight],
    ['dateOfBirth', mrzCheckDigit(two.slice(0, 6)) === two.charAt(6)],
    ['dateOfExpiry', mrzCheckDigit(two.slice(8, 14)) === two.charAt(14)],
    ['composite', mrzCheckDigit(composite) === two.charAt(29)],
  ];
  return {
    format: 'TD1',
    lines: [one, two, three],
    ...parseDocument(one),
    documentNumber: number.documentNumber,
    nationality: withoutFillers(two.slice(15, 18)),
    dateOfBirth: two.slice(0, 6),
    sex: two.charAt(7),
    dateOfExpiry: two.slice(8, 14),
    optionalData: [number.optionalData, withoutFillers(two.slice(18, 29))].filter((s) => s !== '').join(' '),
    ...parseIdentifiers(three),
    wrongCheckDigits: wrong(rightDigits),
  };
}

function parseTd2Or3(format: 'TD2' | 'TD3', text: string, width: 36 | 44): Mrz {
  const [one, two] = [text.slice(0, width), text.slice(width)];
  const last = width - 1;
  const optionalEnd = format === 'TD3' ? 42 : last;
  const optional = two.slice(28, optionalEnd);
  const number =
    format === 'TD2'
      ? parseDocumentNumber(two.slice(0, 9), two.charAt(9), optional)
      : {
          ...parseDocumentNumber(two.slice(0, 9), two.charAt(9), ''),
          optionalData: withoutFillers(optional),
        };
  const composite = two.slice(0, 10) + two.slice(13, 20) + two.slice(21, last);
  const rightDigits: [string, boolean][] = [
    ['documentNumber', number.isCheckDigitRight],
    ['dateOfBirth', mrzCheckDigit(two.slice(13, 19)) === two.charAt(19)],
    ['dateOfExpiry', mrzCheckDigit(two.slice(21, 27)) === two.charAt(27)],
    ['optionalData', format === 'TD2' || isOptionalDigitRight(optional, two.charAt(42))],
    ['composite', mrzCheckDigit(composite) === two.charAt(last)],
  ];
  return {
    format,
    lines: [one, two],
    ...parseDocument(one),
    documentNumber: number.documentNumber,
    nationality: withoutFillers(two.slice(10, 13)),
    dateOfBirth: two.slice(13, 19),
    sex: two.charAt(20),
    dateOfExpiry: two.slice(21, 27),
    optionalData: number.optionalData,
    ...parseIdentifiers(one.slice(5)),
    wrongCheckDigits: wrong(rightDigits),
  };
}

/** Of an empty optional field the check digit may be 0 or a filler (Doc 9303-4 §4.2.2.2 note i). */
function isOptionalDigitRight(optional: string, digit: string): boolean {
  return mrzCheckDigit(optional) === digit || (/^<*$/.test(optional) && digit === '<');
}

function wrong(digits: readonly [string, boolean][]): readonly string[] {
  return digits.flatMap(([field, isRight]) => (isRight ? [] : [field]));
}

function parseDocument(line: string): { documentCode: string; issuingState: string } {
  return { documentCode: withoutFillers(line.slice(0, 2)), issuingState: withoutFillers(line.slice(2, 5)) };
}

function parseIdentifiers(field: string): { primaryIdentifier: string; secondaryIdentifier: string } {
  const [primary = '', secondary = ''] = field.split('<<');
  return {
    primaryIdentifier: withoutFillers(primary).replaceAll('<', ' '),
    secondaryIdentifier: withoutFillers(secondary).replaceAll('<', ' '),
  };
}

function withoutFillers(field: string): string {
  return field.replace(/<+$/, '');
}
