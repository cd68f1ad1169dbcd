import { MalformedInput } from '../formats/malformed-input.ts';

/**
 * Every failure that a service raises on purpose. Callers and tests switch on `kind` and `code`, never on
 * the text of a message; anything else that is thrown is a bug.
 */
export type ServiceError = MalformedInput | Refused | Unavailable | InvariantBroken;

export type RefusalCode =
  /** Well-formed, but a policy or rule of the standard forbids it. */
  | 'policy'
  /** The same identifier was used for other content. */
  | 'duplicate'
  /** No key that may do this is active. */
  | 'key-not-active'
  /** The caller has too much under way. */
  | 'too-many'
  /** The caller may not do this. */
  | 'not-authorised'
  | 'not-found';

export interface RefusalDetails {
  /** What the caller can do about it. */
  readonly mend: string;
  /** The input field in question. */
  readonly field?: string | undefined;
  /** Identifier of the rule, e.g. `S-DG`. */
  readonly rule?: string | undefined;
  /** The clause that the rule comes from. */
  readonly source?: string | undefined;
  /** When to try again, as far as that can be foreseen. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Well-formed but not allowed; nothing was signed and nothing changed. */
export class Refused extends Error {
  readonly kind = 'refused';
  readonly code: RefusalCode;
  readonly details: RefusalDetails;

  constructor(code: RefusalCode, message: string, details: RefusalDetails) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.details = details;
  }
}

/**
 * A part that is needed does not answer. `outcome: unknown` means that the effect may have happened all the
 * same: recovery reads the records before anything is tried again.
 */
export class Unavailable extends Error {
  readonly kind = 'unavailable';
  /** What does not answer: `token`, `signer`, `records`, … */
  readonly what: string;
  readonly outcome: 'not-applied' | 'unknown';
  readonly mend: string;
  /** Identifier of the rule, where it is one that is not kept. */
  readonly rule: string | undefined;
  /** Where the rule stands. */
  readonly source: string | undefined;
  /** When to try again, as far as that can be foreseen. */
  readonly retryAfterSeconds: number | undefined;
  /** The caller's time is over, and the work goes on. */
  readonly isLate: boolean;

  constructor(
    what: string,
    detail: string,
    options: {
      outcome: 'not-applied' | 'unknown';
      mend: string;
      rule?: string | undefined;
      source?: string | undefined;
      cause?: unknown;
      retryAfterSeconds?: number;
      isLate?: boolean;
    },
  ) {
    super(`${what}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Unavailable';
    this.what = what;
    this.outcome = options.outcome;
    this.mend = options.mend;
    this.rule = options.rule;
    this.source = options.source;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.isLate = options.isLate ?? false;
  }
}

/** An invariant of ARCHITECTURE.md does not hold: the product of a signature is not released. */
export class InvariantBroken extends Error {
  readonly kind = 'broken';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvariantBroken';
  }
}

export function isServiceError(error: unknown): error is ServiceError {
  return (
    error instanceof MalformedInput ||
    error instanceof Refused ||
    error instanceof Unavailable ||
    error instanceof InvariantBroken
  );
}
