import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readElement } from '../../../src/formats/der/reader.ts';
import {
  objectIdentifier,
  printableString,
  sequence,
  set,
  tlv,
  utf8String,
} from '../../../src/formats/der/writer.ts';
import { Tolerances } from '../../../src/formats/note.ts';
import { oids } from '../../../src/formats/oids.ts';
import { decodeName, isSameName, type Name } from '../../../src/formats/x509/name.ts';

type Attribute = readonly [type: 'countryName' | 'commonName' | 'organizationName', value: Uint8Array];

function name(...attributes: readonly Attribute[]): Name {
  const rdns = attributes.map(([type, value]) => set(sequence(objectIdentifier(oids[type]), value)));
  return decodeName(readElement(sequence(...rdns), 'Name', new Tolerances()));
}

const bmpString = (text: string): Uint8Array => tlv(0x1e, Buffer.from(text, 'utf16le').swap16());

describe('Name (RFC 5280 §4.1.2.4, §7.1)', () => {
  const plain = name(['countryName', printableString('UT')], ['commonName', printableString('CSCA Utopia')]);

  it.each([
    ['string types', name(['countryName', utf8String('UT')], ['commonName', bmpString('CSCA Utopia')])],
    ['case', name(['countryName', printableString('ut')], ['commonName', utf8String('csca UTOPIA')])],
    ['spaces', name(['countryName', utf8String('UT ')], ['commonName', utf8String(' CSCA   Utopia')])],
    ['order', name(['commonName', utf8String('CSCA Utopia')], ['countryName', utf8String('UT')])],
  ])('is the same to a reader with other %s', (_, other) => {
    expect(isSameName(plain, other)).toBe(true);
    expect(other.country).toBe('UT');
  });

  it.each([
    ['a missing space', name(['countryName', utf8String('UT')], ['commonName', utf8String('CSCAUtopia')])],
    [
      'another type',
      name(['countryName', utf8String('UT')], ['organizationName', utf8String('CSCA Utopia')]),
    ],
    ['one part less', name(['countryName', utf8String('UT')])],
    ['no parts', name()],
  ])('is another one with %s', (_, other) => {
    expect(isSameName(plain, other)).toBe(false);
  });

  it('separators inside a value do not make it another name (RFC 4514 §2.4)', () => {
    const tricky = name(['commonName', utf8String('a,C=UT')]);
    expect(tricky.display).toBe('CN=a\\,C=UT');
    const two = name(['commonName', utf8String('a')], ['countryName', utf8String('UT')]);
    expect(isSameName(tricky, two)).toBe(false);
  });

  it('is shown without control characters, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { display } = name(['commonName', utf8String(text)]);
        // oxlint-disable-next-line no-control-regex -- these are the characters that must not appear
        expect(display).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
