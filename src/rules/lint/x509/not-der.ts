import { requireDer } from '../../../formats/der/is-der.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';

/**
 * The first thing in `bytes` that is not DER, as a finding.
 *
 * @param require throws it; the general one unless the structure has its own
 */
export function notDer(
  bytes: Uint8Array,
  field: string,
  require: (bytes: Uint8Array, field: string) => void = requireDer,
): readonly string[] {
  try {
    require(bytes, field);
    return [];
  } catch (error) {
    if (error instanceof MalformedInput) return [error.message];
    throw error;
  }
}
