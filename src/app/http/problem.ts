import { isServiceError, type RefusalCode } from '../../services/errors.ts';

/** A problem document (RFC 9457), with what a station's operator needs to mend it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The input field in question, as a path. */
  readonly field?: string | undefined;
  /** Identifier of the rule that is not kept. */
  readonly rule?: string | undefined;
  /** The clause or page that the rule stands in. */
  readonly source?: string | undefined;
  readonly mend?: string | undefined;
  /** `unknown` where the effect may have happened, or may still. */
  readonly outcome?: 'not-applied' | 'unknown' | undefined;
  /** Seconds after which to send the request again, as Retry-After. */
  readonly retryAfter?: number | undefined;
}

/** A refusal that only HTTP knows: methods, media types, sizes, TLS. */
export class HttpProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Omit<Problem, 'type'> & { type: string }) {
    super(problem.detail);
    this.name = 'HttpProblem';
    this.problem = { ...problem, type: problemType(problem.type) };
  }
}

/** When it is worth trying again, in seconds; undefined where that changes nothing. */
export function retryAfterSeconds({ status, retryAfter }: Problem): number | undefined {
  return retryAfter ?? (status === 503 ? 1 : undefined);
}

export function problemType(name: string): string {
  return `urn:sigillo:problem:${name}`;
}

const refusals: Record<RefusalCode, { status: number; title: string }> = {
  policy: { status: 422, title: 'A rule forbids this' },
  duplicate: { status: 409, title: 'Already used for other content' },
  'key-not-active': { status: 503, title: 'No key may sign this now' },
  'too-many': { status: 429, title: 'Too many at a time' },
  'not-authorised': { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
};

/** The only place that knows HTTP status codes of service errors. */
export function toProblem(error: unknown): Problem {
  if (error instanceof HttpProblem) return error.problem;
  if (!isServiceError(error)) return internal();
  switch (error.kind) {
    case 'malformed':
      return {
        type: problemType('malformed'),
        title: 'The request is malformed',
        status: 400,
        detail: error.message,
        field: error.field,
        source: error.source,
        mend: 'correct the field and send the request again; see /openapi.json',
      };
    case 'refused': {
      const { status, title } = refusals[error.code];
      const { retryAfterSeconds: seconds, ...details } = error.details;
      const retryAfter = seconds === undefined ? undefined : wholeSeconds(seconds);
      return { type: problemType(error.code), title, status, detail: error.message, ...details, retryAfter };
    }
    case 'unavailable':
      return {
        type: problemType(`${error.what}-unavailable`),
        title: error.isLate ? 'Not done in the time that it had' : 'Not available at the moment',
        status: error.isLate ? 504 : 503,
        detail: withoutPaths(error.message),
        rule: error.rule,
        source: error.source,
        mend: withoutPaths(error.mend),
        outcome: error.outcome,
        retryAfter: wholeSeconds(error.retryAfterSeconds),
      };
    case 'broken':
      return internal();
  }
}

/** Within what a station may be asked to wait; it asks again, and hears anew. */
function wholeSeconds(seconds = 0): number {
  return Math.min(60, Math.max(1, Math.ceil(seconds)));
}

/** What a station may read of a token's or database's failure: not the paths of the server. */
function withoutPaths(text: string): string {
  return text.replace(/(^|\s)\/[^\s;,]+/g, '$1…');
}

function internal(): Problem {
  return {
    type: problemType('internal'),
    title: 'An error of the service itself',
    status: 500,
    detail: 'the service has failed; nothing was released. Its log says more',
    mend: 'tell the operator',
  };
}
