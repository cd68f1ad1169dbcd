import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDateOfIssue } from '../../../src/formats/lds/dg12.ts';
import { decodeEfCom } from '../../../src/formats/lds/ef-com.ts';
import { decodeDg1, mrzCheckDigit, parseMrz } from '../../../src/formats/lds/mrz.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('check digit (Doc 9303-3 §4.9)', () => {
  it.each([
    ['520727', '3'],
    ['AB2134<<<', '5'],
    ['D23145890', '7'],
  ])('of %s is %s', (field, digit) => {
    expect(mrzCheckDigit(field)).toBe(digit);
  });
});

describe('MRZ', () => {
  const td3 = 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10';
  const td2 = 'I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6';
  const td1 = 'I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<';

  it.each([
    ['TD3', td3, 'L898902C3', 'ZE184226B'],
    ['TD2', td2, 'D23145890', ''],
    ['TD1', td1, 'D23145890', ''],
  ])(
    '%s: the specimen of Doc 9303 is read and its check digits are right',
    (format, text, number, optional) => {
      expect(parseMrz(text)).toMatchObject({
        format,
        issuingState: 'UTO',
        nationality: 'UTO',
        documentNumber: number,
        optionalData: optional,
        dateOfBirth: '740812',
        dateOfExpiry: '120415',
        sex: 'F',
        primaryIdentifier: 'ERIKSSON',
        secondaryIdentifier: 'ANNA MARIA',
        wrongCheckDigits: [],
      });
    },
  );

  it.each([td3, td2, td1])('names the check digits that one changed digit makes wrong', (text) => {
    const at = text.indexOf('740812');
    const changed = `${text.slice(0, at)}8${text.slice(at + 1)}`;
    expect(parseMrz(changed).wrongCheckDigits).toEqual(['dateOfBirth', 'composite']);
  });

  it('reads a document number of more than nine characters from the optional data (Doc 9303-5 §4.2.2.1)', () => {
    const number = 'D23145890734';
    const line1 = `I<UTO${number.slice(0, 9)}<${number.slice(9)}${mrzCheckDigit(number)}`.padEnd(30, '<');
    const composite = mrzCheckDigit(`${line1.slice(5)}7408122${'1204159'}${'<'.repeat(11)}`);
    const line2 = `7408122F1204159UTO${'<'.repeat(11)}${composite}`;
    const mrz = parseMrz(line1 + line2 + 'ERIKSSON<<ANNA'.padEnd(30, '<'));
    expect(mrz).toMatchObject({ documentNumber: number, optionalData: '', wrongCheckDigits: [] });
  });

  it.each(['', 'P<UTO', td3.toLowerCase(), td3.replace('<', ' ')])('refuses %j', (text) => {
    expect(() => parseMrz(text)).toThrow(MalformedInput);
  });

  it('any octets are answered with a value or MalformedInput', () => {
    const decoders = [decodeDg1, decodeEfCom, decodeDateOfIssue];
    fc.assert(
      fc.property(fc.constantFrom(...decoders), fc.uint8Array(), (decode, bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!(error instanceof MalformedInput)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('EF.COM (Doc 9303-10 §4.6.1)', () => {
  it('of the example is LDS 1.7 with DG1, DG2, DG4 and DG12', () => {
    const com = decodeEfCom(hex('60 16 5F01 04 30313037 5F36 06 303430303030 5C 04 6175766C'));
    expect(com).toMatchObject({ ldsVersion: '0107', unicodeVersion: '040000', dataGroups: [1, 2, 4, 12] });
  });

  it('refuses the tag of no data group', () => {
    expect(() => decodeEfCom(hex('60 04 5C 02 6177'))).toThrow(MalformedInput);
  });
});

describe('DG12 date of issue (Doc 9303-10 §4.7.12)', () => {
  it.each(['6C 0B 5F26 08 3230323430323239', '6C 07 5F26 04 20240229'])('is read from %s', (text) => {
    expect(decodeDateOfIssue(hex(text))).toEqual(new Date('2024-02-29T00:00:00Z'));
  });
});
