import { sequence, unsignedInteger } from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';

/**
 * `ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` from the `r || s` that CKM_ECDSA returns.
 *
 * @see RFC 3279 §2.2.3; the raw form must not appear in X.509 or CMS
 */
export function encodeEcdsaSignature(rawSignature: Uint8Array): Uint8Array {
  if (rawSignature.length === 0 || rawSignature.length % 2 !== 0) {
    throw new MalformedInput('signature', `${rawSignature.length} octets cannot be r || s`);
  }
  const half = rawSignature.length / 2;
  return sequence(
    unsignedInteger(rawSignature.subarray(0, half)),
    unsignedInteger(rawSignature.subarray(half)),
  );
}
