import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { HttpProblem } from './problem.ts';
import { parseUnambiguousJson } from './unambiguous-json.ts';

/**
 * The body as JSON.
 *
 * @param maxOctets a longer body is refused before it is read to its end
 * @throws HttpProblem 415 or 413; MalformedInput
 */
export async function readJson(ctx: Context, maxOctets: number): Promise<unknown> {
  if (ctx.request.is('application/json') !== 'application/json') {
    throw notJson(`the body must be application/json, not ${ctx.request.type || 'without type'}`);
  }
  const encoding = ctx.get('Content-Encoding');
  if (encoding !== '') throw notJson(`the body must not be encoded (${encoding})`);
  const octets = await readBody(ctx, maxOctets);
  // Decoding would put U+FFFD in place of what is not UTF-8, and another text would be signed for.
  if (!isUtf8(octets)) throw new MalformedInput('body', 'is not UTF-8', { source: 'RFC 8259 §8.1' });
  return parseUnambiguousJson(octets.toString('utf8'));
}

function notJson(detail: string): HttpProblem {
  return new HttpProblem({
    type: 'unsupported-media-type',
    title: 'Not JSON',
    status: 415,
    detail,
    mend: 'send Content-Type: application/json and the body as it is',
  });
}

async function readBody(ctx: Context, maxOctets: number): Promise<Buffer> {
  if ((ctx.request.length ?? 0) > maxOctets) throw tooLarge(ctx, maxOctets);
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > maxOctets) throw tooLarge(ctx, maxOctets);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, octets);
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
