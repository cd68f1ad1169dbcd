import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Policies, parsePolicies, policyDigest } from '../../rules/profile/policies.ts';
import { readPolicySources } from './load-instance.ts';

/** The policies that a service decides under, beside those that it would load now. */
export interface PolicyState {
  /** Digest. */
  readonly inUse: string;
  /** Digest; undefined where the folder is not there. */
  readonly onDisk: string | undefined;
  /** Why those on disk do not load: file, line, key and rule. */
  readonly fault: string | undefined;
}

export interface PoliciesFound extends Omit<PolicyState, 'inUse'> {
  /** Undefined where there is a fault, or where they are those that are known. */
  readonly policies: Policies | undefined;
}

/** Sees when somebody edits the policies of a service: they take effect when it is started again, and not before. */
export class PoliciesOnDisk {
  readonly #directory: string;
  #state: PolicyState;

  /** @param inUse digest of the policies that were loaded from `directory` */
  constructor(directory: string, inUse: string) {
    this.#directory = directory;
    this.#state = { inUse, onDisk: inUse, fault: undefined };
  }

  /** As of the last look. */
  get state(): PolicyState {
    return this.#state;
  }

  /** One line for operators; undefined while the policies on disk are those in use. */
  get difference(): string | undefined {
    const { inUse, onDisk, fault } = this.#state;
    if (onDisk === inUse) return undefined;
    const differ = `policies ${short(inUse)} are in use, on disk are ${short(onDisk)}`;
    return fault === undefined
      ? `${differ}: restart the service to use them, or undo the edit; until then no certificate can be issued through a signer that starts anew`
      : `${differ}, which do not load (${fault}): mend them, because no signer can start anew until then`;
  }

  /** @returns whether something else is on disk than at the last look */
  look(): boolean {
    const { inUse, onDisk: before, fault: faultBefore } = this.#state;
    const { onDisk, fault } = readPoliciesOnDisk(this.#directory, this.#state);
    this.#state = { inUse, onDisk, fault };
    return onDisk !== before || fault !== faultBefore;
  }
}

/**
 * The policies in a folder as they are now, whether they load or not.
 *
 * @param known those of an earlier look: parsed only where they are other ones, because that holds up every order for
 * 10 to 30 ms
 */
export function readPoliciesOnDisk(directory: string, known?: PolicyState): PoliciesFound {
  let onDisk: string | undefined;
  try {
    const sources = readPolicySources(directory);
    onDisk = policyDigest(sources);
    if (onDisk === known?.onDisk) return { onDisk, policies: undefined, fault: known.fault };
    return { onDisk, policies: parsePolicies(sources), fault: undefined };
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    const rule = error.source === undefined ? '' : ` (${error.source})`;
    return { onDisk, policies: undefined, fault: `${error.message}${rule}` };
  }
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'none' : `${digest.slice(0, 16)}…`;
}
