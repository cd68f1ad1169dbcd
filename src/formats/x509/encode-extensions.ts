import {
  boolean,
  contextConstructed,
  contextPrimitive,
  generalizedTimeText,
  ia5StringContent,
  integer,
  integerContent,
  namedBits,
  nullValue,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  setOf,
} from '../der/writer.ts';
import { type KnownOidName, oids } from '../oids.ts';
import { encodeName } from './encode-name.ts';

/** One extension with its extnValue content, not yet wrapped. */
export interface IssuedExtension {
  readonly type: KnownOidName;
  readonly critical: boolean;
  /** DER of the extension's own type. */
  readonly value: Uint8Array;
}

/** `critical` is written only when true: DER leaves out a DEFAULT (Doc 9303-12 §7.1). */
export function encodeExtension({ type, critical, value }: IssuedExtension): Uint8Array {
  const flag = critical ? [boolean(true)] : [];
  return sequence(objectIdentifier(oids[type]), ...flag, octetString(value));
}

/** `{ keyIdentifier [0] }` only; authorityCertIssuer and authorityCertSerialNumber stay out. */
export function encodeAuthorityKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return sequence(contextPrimitive(0, keyIdentifier));
}

export function encodeSubjectKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return octetString(keyIdentifier);
}

/** Bit numbers of RFC 5280 §4.2.1.3. */
export const keyUsageBits = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;
export type KeyUsageBit = keyof typeof keyUsageBits;

export function encodeKeyUsage(bits: readonly KeyUsageBit[]): Uint8Array {
  return namedBits(bits.map((bit) => keyUsageBits[bit]));
}

/** Both ends, always as GeneralizedTime, also before 2050 (RFC 3280 §4.2.1.4, Doc 9303-12 Table 6). */
export function encodePrivateKeyUsagePeriod(notBefore: Date, notAfter: Date): Uint8Array {
  const text = (instant: Date) => ia5StringContent(generalizedTimeText(instant));
  return sequence(contextPrimitive(0, text(notBefore)), contextPrimitive(1, text(notAfter)));
}

export function encodeBasicConstraintsOfCa(pathLenConstraint: number): Uint8Array {
  return sequence(boolean(true), integer(pathLenConstraint));
}

export type IssuedGeneralName =
  | { readonly kind: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier'; readonly value: string }
  | { readonly kind: 'iPAddress'; readonly octets: Uint8Array }
  | {
      /** directoryName with the ICAO code of the issuer and nothing else (Doc 9303-12 §7.1.1.2). */
      readonly kind: 'icaoCountryCode';
      readonly localityName: string;
      readonly stateOrProvinceName?: string | undefined;
    };

/** SubjectAltName and IssuerAltName: GeneralNames. */
export function encodeGeneralNames(names: readonly IssuedGeneralName[]): Uint8Array {
  return sequence(...names.map(encodeGeneralName));
}

function encodeGeneralName(name: IssuedGeneralName): Uint8Array {
  switch (name.kind) {
    case 'rfc822Name':
      return contextPrimitive(1, ia5StringContent(name.value));
    case 'dNSName':
      return contextPrimitive(2, ia5StringContent(name.value));
    case 'uniformResourceIdentifier':
      return contextPrimitive(6, ia5StringContent(name.value));
    case 'iPAddress':
      return contextPrimitive(7, name.octets);
    case 'icaoCountryCode': {
      const state = name.stateOrProvinceName;
      return contextConstructed(
        4,
        encodeName([
          { type: 'localityName', value: name.localityName },
          ...(state === undefined ? [] : [{ type: 'stateOrProvinceName', value: state } as const]),
        ]),
      );
    }
  }
}

export function encodeExtKeyUsage(purposes: readonly KnownOidName[]): Uint8Array {
  return sequence(...purposes.map((purpose) => objectIdentifier(oids[purpose])));
}

/** One DistributionPoint with all URIs of the same CRL as fullName; no reasons, no cRLIssuer (§7.1.1.4). */
export function encodeCrlDistributionPoints(uris: readonly string[]): Uint8Array {
  const fullName = uris.map((uri) => contextPrimitive(6, ia5StringContent(uri)));
  return sequence(sequence(contextConstructed(0, contextConstructed(0, ...fullName))));
}

/**
 *     DocumentTypeListSyntax ::= SEQUENCE { version INTEGER { v0(0) }, docTypeList SET OF DocumentType }
 *     DocumentType ::= PrintableString (SIZE (1..2))
 *
 * @see Doc 9303-12 §7.1.1.6
 */
export function encodeDocumentTypeList(types: readonly string[]): Uint8Array {
  return sequence(integer(0), setOf(types.map(printableString)));
}

/** nameChange has the value NULL (Doc 9303-12 §7.1.1.5). */
export function encodeNameChange(): Uint8Array {
  return nullValue();
}

/** CRLNumber of RFC 5280 §5.2.3. */
export function encodeCrlNumber(number: bigint): Uint8Array {
  return integer(number);
}

/** Octets that a CRL or serial number takes as INTEGER content; at most 20 are allowed. */
export function integerOctets(value: bigint): number {
  return integerContent(value).length;
}
