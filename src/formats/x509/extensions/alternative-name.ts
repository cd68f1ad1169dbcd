import type { Element } from '../../der/reader.ts';
import { tags } from '../../der/tags.ts';
import { oids } from '../../oids.ts';
import { decodeGeneralNames, type GeneralName } from '../general-names.ts';

/** subjectAltName or issuerAltName: ways to contact, and the ICAO country code (Doc 9303-12 §7.1.1.2). */
export interface AlternativeName {
  readonly names: readonly GeneralName[];
  /** localityName of the directoryName: the code of the MRZ, e.g. `ITA`, `D`. */
  readonly country: string | undefined;
  /** stateOrProvinceName: the issuer's own code where the MRZ does not tell it apart, e.g. `HKG`. */
  readonly stateOrProvince: string | undefined;
}

export function decodeAlternativeName(element: Element): AlternativeName {
  const names = decodeGeneralNames(element.expect(tags.sequence));
  const attributes = names.flatMap((name) => (name.kind === 'directoryName' ? name.name.rdns.flat() : []));
  const value = (type: string): string | undefined =>
    attributes
      .find((attribute) => attribute.type === type)
      ?.value.toUpperCase()
      .replace(/[<\s]+$/, '');
  return { names, country: value(oids.localityName), stateOrProvince: value(oids.stateOrProvinceName) };
}

/** dNSName and IPv4 iPAddress entries, as people write them. */
export function hostsOf({ names }: AlternativeName): readonly string[] {
  return names.flatMap((name) => {
    if (name.kind === 'dNSName') return [name.value];
    // [7] iPAddress: one octet of tag, one of length (RFC 5280 §4.2.1.6).
    if (name.kind === 'other' && name.tag === 0x87) return [name.bytes.subarray(2).join('.')];
    return [];
  });
}
