import type { Element } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { oids } from '../oids.ts';

export interface AttributeTypeAndValue {
  /** Dotted decimal. */
  readonly type: string;
  readonly value: string;
  /** Identifier octet of the string type it was written in. */
  readonly stringTag: number;
}

/** A distinguished name as received (RFC 5280 §4.1.2.4). */
export interface Name {
  readonly bytes: Uint8Array;
  /** Relative distinguished names in the order of the encoding. */
  readonly rdns: readonly (readonly AttributeTypeAndValue[])[];
  /** countryName in upper case; undefined when there is none. */
  readonly country: string | undefined;
  readonly commonName: string | undefined;
  /** The style of RFC 4514, but in the order of the encoding: `C=UT,O=Utopia,CN=CSCA`. */
  readonly display: string;
  /** Equal for names that differ only in string type, case, white space and order of their parts. */
  readonly normalised: string;
}

/**
 *     Name ::= SEQUENCE OF RelativeDistinguishedName
 *     RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
 *     AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY }
 */
export function decodeName(element: Element): Name {
  element.expect(tags.sequence);
  const rdns = element.children('RelativeDistinguishedName').map(decodeRdn);
  const attributes = rdns.flat();
  const value = (type: string): string | undefined => attributes.find((a) => a.type === type)?.value;
  const country = value(oids.countryName)?.trim().toUpperCase();
  return {
    bytes: element.bytes,
    rdns,
    country,
    commonName: value(oids.commonName),
    get display() {
      return rdns.map((rdn) => rdn.map(displayAttribute).join('+')).join(',');
    },
    get normalised() {
      return rdns.map(normalisedRdn).toSorted().join(',');
    },
  };
}

function decodeRdn(element: Element): readonly AttributeTypeAndValue[] {
  element.expect(tags.set);
  return element.children('AttributeTypeAndValue').map((attribute) => {
    const fields = attribute.fields();
    const type = fields.next('type').objectIdentifier();
    const value = fields.next('value');
    fields.end();
    return { type, value: attributeText(value), stringTag: value.tag };
  });
}

/** Attributes that are no strings, such as dateOfBirth, are shown as hexadecimal after `#` (RFC 4514 §2.4). */
function attributeText(value: Element): string {
  const isString = value.tag >= tags.utf8String && value.tag <= tags.bmpString && value.tag !== 0x17;
  if (!isString || value.tag === tags.generalizedTime) return `#${Buffer.from(value.bytes).toString('hex')}`;
  return value.string();
}

/** Short names of RFC 4514 §3, and the usual ones beyond it. */
const shortNames = new Map<string, string>([
  [oids.commonName, 'CN'],
  [oids.countryName, 'C'],
  [oids.localityName, 'L'],
  [oids.stateOrProvinceName, 'ST'],
  [oids.organizationName, 'O'],
  [oids.organizationalUnitName, 'OU'],
  [oids.streetAddress, 'STREET'],
  [oids.domainComponent, 'DC'],
  [oids.serialNumber, 'serialNumber'],
  [oids.surname, 'SN'],
  [oids.givenName, 'GN'],
  [oids.title, 'title'],
  [oids.description, 'description'],
  [oids.postalCode, 'postalCode'],
  [oids.organizationIdentifier, 'organizationIdentifier'],
  [oids.emailAddress, 'emailAddress'],
]);

function displayAttribute({ type, value }: AttributeTypeAndValue): string {
  const escaped = value
    .replace(/[,+"\\<>;]/g, (character) => `\\${character}`)
    .replace(/^[ ]|[ ]$/g, '\\ ')
    // oxlint-disable-next-line no-control-regex -- a name must not be able to write on the reader's terminal
    .replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `${shortNames.get(type) ?? type}=${escaped}`;
}

function normalisedRdn(rdn: readonly AttributeTypeAndValue[]): string {
  const attributes = rdn.map(({ type, value }) => {
    return `${type}=${JSON.stringify(value.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim())}`;
  });
  return attributes.toSorted().join('+');
}

/**
 * Whether two names are the same to a reader: byte for byte, or else after normalising string types, case and
 * white space (RFC 5280 §7.1) and, because some issuers turn it around, the order of the parts.
 */
export function isSameName(one: Name, other: Name): boolean {
  return Buffer.compare(one.bytes, other.bytes) === 0 || one.normalised === other.normalised;
}
