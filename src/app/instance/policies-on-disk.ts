import { MalformedInput } from '../../formats/malformed-input.ts';
import { parsePolicies, policyDigest } from '../../rules/profile/policies.ts';
import { readPolicySources } from './load-instance.ts';

/** The policies that a service decides under, beside those that it would load now. */
export interface PolicyState {
  /** Digest. */
  readonly inUse: string;
  /** Digest; undefined where the folder is not there. */
  readonly onDisk: string | undefined;
  /** Why those on disk do not load. */
  readonly fault: string | undefined;
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
    const { onDisk, fault } = this.#state;
    this.#state = { inUse: this.#state.inUse, ...onDiskNow(this.#directory, this.#state) };
    return this.#state.onDisk !== onDisk || this.#state.fault !== fault;
  }
}

/** Parsed only where they are other ones than before: it would hold up every order for 10 to 30 ms. */
function onDiskNow(directory: string, before: PolicyState): Pick<PolicyState, 'onDisk' | 'fault'> {
  let onDisk: string | undefined;
  try {
    const sources = readPolicySources(directory);
    onDisk = policyDigest(sources);
    if (onDisk === before.onDisk) return { onDisk, fault: before.fault };
    parsePolicies(sources);
    return { onDisk, fault: undefined };
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return { onDisk, fault: error.message };
  }
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'none' : `${digest.slice(0, 16)}…`;
}
