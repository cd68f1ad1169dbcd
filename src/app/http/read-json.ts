import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { HttpProblem } from './problem.ts';
import { parseUnambiguousJson } from './unambiguous-json.ts';

/**
 * The body as JSON.
 *
 * @param maxOctets a longer body is refused
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

/** Read and thrown away of a body over the limit: who is still sending does not get to read the answer. */
const maxDiscardedOctets = 16 * 1_048_576;

async function readBody(ctx: Context, maxOctets: number): Promise<Buffer> {
  const maxRead = maxOctets + maxDiscardedOctets;
  if ((ctx.request.length ?? 0) > maxRead) throw tooLarge(ctx, maxOctets, 'hang up');
  let chunks: Buffer[] = [];
  let octets = 0;
  // Left early, the stream must stay, because the answer goes out over the same socket.
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > maxRead) throw tooLarge(ctx, maxOctets, 'hang up');
    if (octets > maxOctets) chunks = [];
    else chunks.push(chunk);
  }
  if (octets > maxOctets) throw tooLarge(ctx, maxOctets, 'go on');
  return Buffer.concat(chunks, octets);
}

/** @param then `hang up` where the rest of the body is not read: the connection cannot serve another request */
function tooLarge(ctx: Context, maxOctets: number, then: 'hang up' | 'go on'): HttpProblem {
  if (then === 'hang up') ctx.set('Connection', 'close');
  return new HttpProblem({
    type: 'too-large',
    title: 'The request is too large',
    status: 413,
    detail: `the body has more than ${maxOctets} octets`,
    field: 'body',
    mend: 'send the hashes without dataGroups, or raise limits.maxBodyOctets in sigillo.yaml',
  });
}
