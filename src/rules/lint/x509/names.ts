import { tagName, tags } from '../../../formats/der/tags.ts';
import { oidName, oids } from '../../../formats/oids.ts';
import type { AttributeTypeAndValue, Name } from '../../../formats/x509/name.ts';

/** A name and the field that it stands in. */
export interface PlacedName {
  readonly field: string;
  readonly name: Name;
}

/** One check of one name; findings name the field. */
export type NameCheck = (placed: PlacedName) => readonly string[];

function attributesOf(name: Name, type?: string): readonly AttributeTypeAndValue[] {
  const attributes = name.rdns.flat();
  return type === undefined ? attributes : attributes.filter((attribute) => attribute.type === type);
}

/** What is wrong with an empty name is that it is empty. */
function unlessEmpty(check: NameCheck): NameCheck {
  return (placed) => (placed.name.rdns.length === 0 ? [] : check(placed));
}

function quoted(value: string): string {
  return JSON.stringify(value);
}

export const notEmpty: NameCheck = ({ field, name }) =>
  name.rdns.length === 0 ? [`no attribute in ${field}`] : [];

export const hasCountry: NameCheck = unlessEmpty(({ field, name }) =>
  attributesOf(name, oids.countryName).length === 0 ? [`no countryName in ${field}`] : [],
);

export const hasOneCountry: NameCheck = ({ field, name }) => {
  const count = attributesOf(name, oids.countryName).length;
  return count > 1 ? [`${count} countryNames in ${field}`] : [];
};

export const countryIsTwoLetters: NameCheck = ({ field, name }) =>
  attributesOf(name, oids.countryName)
    .filter(({ value }) => !/^[A-Za-z]{2}$/.test(value))
    .map(({ value }) => `countryName ${quoted(value)} in ${field}`);

export const countryIsUpperCase: NameCheck = ({ field, name }) =>
  attributesOf(name, oids.countryName)
    .filter(({ value }) => value !== value.toUpperCase())
    .map(({ value }) => `countryName ${quoted(value)} in ${field}`);

export const countryIsPrintable: NameCheck = (placed) => isPrintableType(placed, oids.countryName);

export const serialNumberIsPrintable: NameCheck = (placed) => isPrintableType(placed, oids.serialNumber);

function isPrintableType({ field, name }: PlacedName, type: string): readonly string[] {
  return attributesOf(name, type)
    .filter(({ stringTag }) => stringTag !== tags.printableString)
    .map(({ stringTag }) => `${oidName(type) ?? type} of ${field} is ${tagName(stringTag)}`);
}

export const hasCommonName: NameCheck = unlessEmpty(({ field, name }) =>
  attributesOf(name, oids.commonName).length === 0 ? [`no commonName in ${field}`] : [],
);

const directoryStrings: readonly number[] = [
  tags.teletexString,
  tags.bmpString,
  tags.universalString,
  tags.ia5String,
  tags.visibleString,
  tags.generalString,
  tags.numericString,
];

/** countryName and serialNumber have rules of their own; emailAddress and domainComponent are IA5String. */
const otherwiseRuled: readonly string[] = [
  oids.countryName,
  oids.serialNumber,
  oids.emailAddress,
  oids.domainComponent,
];

export const stringTypesAreAllowed: NameCheck = ({ field, name }) =>
  attributesOf(name)
    .filter(({ type, stringTag }) => !otherwiseRuled.includes(type) && directoryStrings.includes(stringTag))
    .map(({ type, stringTag }) => `${oidName(type) ?? type} of ${field} is ${tagName(stringTag)}`);

/** X.680 §41.4 table 10. */
const printableCharacters = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

export const charactersArePrintable: NameCheck = ({ field, name }) =>
  attributesOf(name)
    .filter(({ stringTag, value }) => stringTag === tags.printableString && !printableCharacters.test(value))
    .map(({ type, value }) => `${oidName(type) ?? type} of ${field} is ${quoted(value)}`);

export const hasSingleValues: NameCheck = ({ field, name }) =>
  name.rdns.some((rdn) => rdn.length > 1) ? [`an RDN of several attributes in ${field}`] : [];

/** Upper bounds in characters (RFC 5280 appendix A.1). */
const upperBounds = new Map<string, number>([
  [oids.commonName, 64],
  [oids.organizationName, 64],
  [oids.organizationalUnitName, 64],
  [oids.serialNumber, 64],
  [oids.localityName, 128],
  [oids.stateOrProvinceName, 128],
  [oids.title, 64],
]);

export const lengthsAreBounded: NameCheck = ({ field, name }) =>
  attributesOf(name).flatMap(({ type, value }) => {
    const bound = upperBounds.get(type);
    const length = [...value].length;
    if (bound === undefined || length <= bound) return [];
    return [`${oidName(type) ?? type} of ${field} has ${length} characters, more than ${bound}`];
  });
