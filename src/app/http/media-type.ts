import type { Context } from 'koa';
import { HttpProblem } from './problem.ts';

/** @throws HttpProblem 415 unless the body is of one of `types`, not encoded */
export function requireMediaType(ctx: Context, ...types: readonly [string, ...string[]]): void {
  const given = ctx.request.is(...types);
  if (typeof given !== 'string' || !types.includes(given)) {
    throw unsupported(
      types,
      `the body must be ${types.join(' or ')}, not ${ctx.request.type || 'without type'}`,
    );
  }
  const encoding = ctx.get('Content-Encoding');
  if (encoding !== '') throw unsupported(types, `the body must not be encoded (${encoding})`);
}

function unsupported([type]: readonly [string, ...string[]], detail: string): HttpProblem {
  return new HttpProblem({
    type: 'unsupported-media-type',
    title: 'Not of a type that is taken here',
    status: 415,
    detail,
    mend: `send Content-Type: ${type} and the body as it is`,
  });
}
