import type { Logger } from 'pino';
import type { Middleware } from 'koa';
import { toProblem } from './problem.ts';

/** Turns whatever a route throws into a problem document, and logs what is the service's own fault. */
export function problems(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body === undefined) ctx.throw(404);
    } catch (error) {
      const problem = isKoaError(error) ? koaProblem(error) : toProblem(error);
      if (problem.status >= 500) log.error({ err: error, path: ctx.path }, problem.title);
      if (problem.status === 503) ctx.set('Retry-After', '1');
      ctx.status = problem.status;
      ctx.type = 'application/problem+json';
      ctx.body = JSON.stringify(problem);
    }
  };
}

interface KoaError extends Error {
  readonly status: number;
  readonly expose: boolean;
}

function isKoaError(error: unknown): error is KoaError {
  return error instanceof Error && 'expose' in error && 'status' in error;
}

function koaProblem(error: KoaError) {
  const isRoute = error.status === 404 || error.status === 405 || error.status === 501;
  return {
    type: isRoute ? 'urn:sigillo:problem:not-found' : 'urn:sigillo:problem:malformed',
    title: error.status === 405 ? 'Method not allowed' : isRoute ? 'Not found' : 'The request is malformed',
    status: error.status === 501 ? 405 : error.status,
    detail: error.expose ? error.message : 'the request cannot be served',
    mend: 'see /openapi.json for what there is',
  };
}
