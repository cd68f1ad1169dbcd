import type { ServiceError } from '../../services/errors.ts';
import type { EntryPieces } from '../../services/ports.ts';
import type { JobMessage, JobName, SignerJobs } from './protocol.ts';

/** A job from its acceptance to its answer, wherever it is meanwhile. */
export interface Job {
  readonly message: JobMessage;
  /** What follows the message, a message each; from the start each time. */
  readonly pieces?: EntryPieces['pieces'] | undefined;
  /** CKA_ID of the key that signs or is asked for; undefined where any token will do. */
  readonly keyId: string | undefined;
  /** The only token that may have it; undefined for any. */
  readonly token: string | undefined;
  /** Jobs of one lane wait for each other; lanes take turns. */
  readonly lane: string;
  /** On the monotonic clock, milliseconds. Counted from acceptance, so that waiting counts too. */
  readonly deadline: number;
  readonly acceptedAt: number;
  /** Keys take as long as they take to be made: only the deadline says that the process is hung. */
  readonly isLong: boolean;
  /** Times that a process gave it back without having begun it. */
  returned: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ServiceError) => void;
}

/** The key that a job needs on the token. */
export function keyIdOf(order: SignerJobs[JobName]['order']): string | undefined {
  const known = order as {
    readonly keyId?: string;
    readonly issuer?: { readonly keyId: string };
    readonly subjectKey?: { readonly keyId?: string };
  };
  return order === undefined ? undefined : (known.keyId ?? known.issuer?.keyId ?? known.subjectKey?.keyId);
}
