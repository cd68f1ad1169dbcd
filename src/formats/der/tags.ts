/** Identifier octets of the ASN.1 types that X.509, CMS and the LDS use (X.680 §8). */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  generalString: 0x1b,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

const tagNames = new Map<number, string>([
  [tags.boolean, 'BOOLEAN'],
  [tags.integer, 'INTEGER'],
  [tags.bitString, 'BIT STRING'],
  [tags.octetString, 'OCTET STRING'],
  [0x24, 'OCTET STRING (constructed)'],
  [tags.null, 'NULL'],
  [tags.objectIdentifier, 'OBJECT IDENTIFIER'],
  [tags.enumerated, 'ENUMERATED'],
  [tags.utf8String, 'UTF8String'],
  [tags.numericString, 'NumericString'],
  [tags.printableString, 'PrintableString'],
  [tags.teletexString, 'TeletexString'],
  [tags.ia5String, 'IA5String'],
  [tags.utcTime, 'UTCTime'],
  [tags.generalizedTime, 'GeneralizedTime'],
  [tags.visibleString, 'VisibleString'],
  [tags.generalString, 'GeneralString'],
  [tags.universalString, 'UniversalString'],
  [tags.bmpString, 'BMPString'],
  [tags.sequence, 'SEQUENCE'],
  [tags.set, 'SET'],
]);

/** `SEQUENCE`, `[0]`, `[APPLICATION 23]`: a tag as the standards write it; `tag` is all identifier octets. */
export function tagName(tag: number): string {
  const known = tagNames.get(tag);
  if (known !== undefined) return known;
  const first = firstOctet(tag);
  const number = (first & 0x1f) === 0x1f ? `0x${tag.toString(16).toUpperCase()}` : `${first & 0x1f}`;
  const classNames = ['UNIVERSAL ', 'APPLICATION ', '', 'PRIVATE '];
  return `[${classNames[first >> 6] ?? ''}${number}]`;
}

/** The first identifier octet, which holds class and the constructed bit. */
export function firstOctet(tag: number): number {
  let octet = tag;
  while (octet > 0xff) octet = Math.floor(octet / 256);
  return octet;
}
