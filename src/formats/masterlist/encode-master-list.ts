import { integer, sequence, setOf } from '../der/writer.ts';

/**
 *     CscaMasterList ::= SEQUENCE { version INTEGER { v0(0) }, certList SET OF Certificate }
 *
 * @param certificates octet by octet as received, never encoded again
 * @see Doc 9303-12 §9.2
 */
export function encodeCscaMasterList(certificates: readonly Uint8Array[]): Uint8Array {
  return sequence(integer(0), setOf(certificates));
}
