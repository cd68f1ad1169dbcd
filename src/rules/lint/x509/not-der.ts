import { requireDer } from '../../../formats/der/is-der.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';

/** The first thing in `bytes` that is not DER, as a finding. */
export function notDer(bytes: Uint8Array, field: string): readonly string[] {
  try {
    requireDer(bytes, field);
    return [];
  } catch (error) {
    if (error instanceof MalformedInput) return [error.message];
    throw error;
  }
}
