import type { Element } from '../../der/reader.ts';
import { decodeGeneralNames, type GeneralName } from '../general-names.ts';

/** Which key of the issuer made the signature (RFC 5280 §4.2.1.1). */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined;
  readonly authorityCertIssuer: readonly GeneralName[] | undefined;
  readonly authorityCertSerialNumber: bigint | undefined;
}

/**
 *     AuthorityKeyIdentifier ::= SEQUENCE {
 *       keyIdentifier              [0] OCTET STRING OPTIONAL,
 *       authorityCertIssuer        [1] GeneralNames OPTIONAL,
 *       authorityCertSerialNumber  [2] INTEGER OPTIONAL }
 */
export function decodeAuthorityKeyIdentifier(element: Element): AuthorityKeyIdentifier {
  const fields = element.fields();
  const keyIdentifier = fields.optional(0x80, 'keyIdentifier')?.octetString(0x80);
  const issuer = fields.optional(0xa1, 'authorityCertIssuer');
  const serialNumber = fields.optional(0x82, 'authorityCertSerialNumber')?.integer(0x82);
  fields.end();
  return {
    keyIdentifier,
    authorityCertIssuer: issuer === undefined ? undefined : decodeGeneralNames(issuer),
    authorityCertSerialNumber: serialNumber,
  };
}
