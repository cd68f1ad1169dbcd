import type { Context } from 'koa';
import { HttpProblem } from './problem.ts';

/**
 * The body as JSON.
 *
 * @param maxOctets a longer body is refused before it is read to its end
 * @throws HttpProblem 415, 413 or 400
 */
export async function readJson(ctx: Context, maxOctets: number): Promise<unknown> {
  if (ctx.request.is('application/json') !== 'application/json') {
    throw new HttpProblem({
      type: 'unsupported-media-type',
      title: 'Not JSON',
      status: 415,
      detail: `the body must be application/json, not ${ctx.request.type || 'without type'}`,
      mend: 'send Content-Type: application/json',
    });
  }
  const text = await readBody(ctx, maxOctets);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpProblem({
      type: 'malformed',
      title: 'The request is malformed',
      status: 400,
      detail: `the body is not JSON: ${(error as SyntaxError).message}`,
      field: 'body',
      source: 'RFC 8259',
      mend: 'send one JSON object in UTF-8',
    });
  }
}

async function readBody(ctx: Context, maxOctets: number): Promise<string> {
  if ((ctx.request.length ?? 0) > maxOctets) throw tooLarge(ctx, maxOctets);
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > maxOctets) throw tooLarge(ctx, maxOctets);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, octets).toString('utf8');
}

/** The rest of the body is not read, so the connection cannot serve another request. */
function tooLarge(ctx: Context, maxOctets: number): HttpProblem {
  ctx.set('Connection', 'close');
  return new HttpProblem({
    type: 'too-large',
    title: 'The request is too large',
    status: 413,
    detail: `the body has more than ${maxOctets} octets`,
    field: 'body',
    mend: 'send the hashes without dataGroups, or raise limits.maxBodyOctets in sigillo.yaml',
  });
}
