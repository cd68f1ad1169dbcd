import { objectIdentifier, printableString, sequence, set, utf8String } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';
import { oids } from '../oids.ts';

/** The attribute types that our own subjects are made of; others occur only in what we read. */
export type IssuedAttributeType =
  | 'countryName'
  | 'organizationName'
  | 'organizationalUnitName'
  | 'commonName'
  | 'serialNumber'
  | 'localityName'
  | 'stateOrProvinceName';

/** One relative distinguished name; Sigillo issues no multi-valued ones. */
export interface NameAttribute {
  readonly type: IssuedAttributeType;
  readonly value: string;
  /** PrintableString where UTF8String is usual: in a seal's signer it is compared with the seal (Doc 9303-12 Table 8). */
  readonly isPrintable?: boolean | undefined;
}

/** Upper bounds in characters (RFC 5280 appendix A.1). */
const upperBounds: Record<IssuedAttributeType, number> = {
  countryName: 2,
  organizationName: 64,
  organizationalUnitName: 64,
  commonName: 64,
  serialNumber: 64,
  localityName: 128,
  stateOrProvinceName: 128,
};

/**
 * Encodes a Name with the string types of Doc 9303-12 Table 5: PrintableString for countryName and
 * serialNumber (and the ICAO codes in a directoryName), UTF8String for all others.
 *
 * @throws MalformedInput on an empty or over-long value, or a character its string type does not have
 */
export function encodeName(attributes: readonly NameAttribute[]): Uint8Array {
  return sequence(...attributes.map((attribute) => set(encodeAttribute(attribute))));
}

function encodeAttribute({ type, value, isPrintable }: NameAttribute): Uint8Array {
  if (value.length === 0 || [...value].length > upperBounds[type]) {
    throw new MalformedInput(type, `must have 1 to ${upperBounds[type]} characters`, {
      source: 'RFC 5280 appendix A.1',
    });
  }
  if (type === 'countryName' && !/^[A-Z]{2}$/.test(value)) {
    throw new MalformedInput('countryName', `${JSON.stringify(value)} is not two upper-case letters`, {
      source: 'Doc 9303-12 Table 5',
    });
  }
  return sequence(
    objectIdentifier(oids[type]),
    isPrintable === true ? printableString(value) : encodeDirectoryString(type, value),
  );
}

function encodeDirectoryString(type: IssuedAttributeType, value: string): Uint8Array {
  const printable: readonly IssuedAttributeType[] = [
    'countryName',
    'serialNumber',
    'localityName',
    'stateOrProvinceName',
  ];
  return printable.includes(type) ? printableString(value) : utf8String(value);
}
