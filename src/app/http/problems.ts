import type { Logger } from 'pino';
import type { Context, Middleware } from 'koa';
import { problemType, retryAfterSeconds, toProblem } from './problem.ts';
import { endUnreadBody } from './unread-body.ts';

/** What the router leaves behind when it has no route for a request; 501 is of methods that no route has. */
const unrouted: readonly number[] = [404, 405, 501];

/** Turns whatever a route throws into a problem document, and logs what is the service's own fault. */
export function problems(log: Logger): Middleware {
  return (ctx, next) =>
    orProblem(ctx, log, async () => {
      await next();
      if (unrouted.includes(ctx.status) && !ctx.body) ctx.throw(ctx.status);
    });
}

/** The same for work around which there is no middleware: sets the answer, and leaves it to the caller to send it. */
export async function orProblem(ctx: Context, log: Logger, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (ctx.req.destroyed && !ctx.req.complete) {
      log.debug({ err: error, path: ctx.path }, 'the caller went away');
      return;
    }
    const problem = isKoaError(error) ? koaProblem(error, ctx.method) : toProblem(error);
    if (problem.status >= 500) log.error({ err: error, path: ctx.path }, problem.title);
    const retryAfter = retryAfterSeconds(problem);
    if (retryAfter !== undefined) ctx.set('Retry-After', String(retryAfter));
    ctx.status = problem.status;
    ctx.type = 'application/problem+json';
    ctx.body = JSON.stringify(problem);
    endUnreadBody(ctx.req);
  }
}

interface KoaError extends Error {
  readonly status: number;
  readonly expose: boolean;
}

function isKoaError(error: unknown): error is KoaError {
  return error instanceof Error && 'expose' in error && 'status' in error;
}

function koaProblem(error: KoaError, method: string) {
  const mend = 'see /openapi.json for what there is';
  if (error.status === 405 || error.status === 501) {
    const title = 'Method not allowed';
    return {
      type: problemType('method-not-allowed'),
      title,
      status: 405,
      detail: `${method} is not possible here`,
      mend,
    };
  }
  if (error.status === 404) {
    const detail = 'there is nothing at this path';
    return { type: problemType('not-found'), title: 'Not found', status: 404, detail, mend };
  }
  return {
    type: problemType('malformed'),
    title: 'The request is malformed',
    status: error.status,
    detail: error.expose ? error.message : 'the request cannot be served',
    mend,
  };
}
