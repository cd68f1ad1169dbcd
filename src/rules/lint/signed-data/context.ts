import type { SignedData } from '../../../formats/cms/signed-data.ts';
import type { SignerInfo } from '../../../formats/cms/signer-info.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { LintContext, Rule } from '../rule.ts';
import type { RawSignedData, RawSignerInfo } from './raw-signed-data.ts';

/** What master lists, deviation lists and EF.SODs have in common: a SignedData. */
export interface SignedObject {
  /** How the ids of its rules begin. */
  readonly prefix: 'M' | 'D' | 'S';
  /** The table that says what its SignedData looks like. */
  readonly source: string;
  /** eContentType. */
  readonly contentType: string;
  /** What to call the certificate that signs. */
  readonly signer: string;
  /** Its extended key usage; undefined for one that must have none. */
  readonly purpose: string | undefined;
}

/** One SignerInfo with the certificate that it names, if that is at hand. */
export interface Signer {
  readonly info: SignerInfo;
  readonly raw: RawSignerInfo;
  readonly certificate: Certificate | undefined;
}

export interface SignedDataContext extends LintContext {
  readonly signedData: SignedData;
  readonly raw: RawSignedData;
  readonly signers: readonly Signer[];
  /** When it is, or was, signed; undefined where neither the caller nor a signing-time says. */
  readonly at: Date | undefined;
  /** The file; undefined where it was decoded before. */
  readonly received: Uint8Array | undefined;
  /** Octets that the object takes by its own length. */
  readonly fileLength: number;
}

/** A rule that holds for all of them, each with its own table. */
export type SharedRule = (object: SignedObject) => Rule<SignedDataContext>;
