import type { SignedData } from '../../../formats/cms/signed-data.ts';
import { type Edition, editionOf } from '../edition.ts';
import type { SignedDataContext } from './context.ts';
import { readRawSignedData } from './raw-signed-data.ts';
import { signersOf } from './signers.ts';

/** What a signed object is judged with; what is not given leaves the rules that need it unjudged. */
export interface SignedDataInputs {
  /** When it is, or was, signed; by default its signing-time. */
  readonly at?: Date | undefined;
  /** By default the one in force when it was signed, as far as that can be told. */
  readonly edition?: Edition | undefined;
  /** Ids of rules that the caller answers for, such as S-SIG where the signature was just verified. */
  readonly leftOut?: readonly string[] | undefined;
}

/** The part of a context that all signed objects share. */
export function prepareSignedData(
  signedData: SignedData,
  inputs: SignedDataInputs,
  file: { readonly received: Uint8Array | undefined; readonly fileLength: number },
): Omit<SignedDataContext, 'kind'> {
  const raw = readRawSignedData(signedData.bytes);
  const signers = signersOf(signedData, raw);
  const at = inputs.at ?? signers[0]?.info.signedAttributes?.signingTime;
  const made = at ?? signers[0]?.certificate?.notBefore ?? signedData.certificates[0]?.notBefore;
  return {
    signedData,
    raw,
    signers,
    at,
    edition: inputs.edition ?? (made === undefined ? 8 : editionOf(made)),
    ...file,
  };
}
