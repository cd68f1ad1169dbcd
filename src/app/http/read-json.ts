import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { requireMediaType } from './media-type.ts';
import { HttpProblem } from './problem.ts';
import { parseJsonOctets } from './unambiguous-json.ts';

/** A body takes no longer than this to come in. */
const bodyTimeoutMs = 60_000;

/**
 * The body as JSON.
 *
 * @param maxOctets a longer body is refused
 * @throws HttpProblem 415, 413 or 408; MalformedInput
 */
export async function readJson(ctx: Context, maxOctets: number): Promise<unknown> {
  requireMediaType(ctx, 'application/json');
  return parseJsonOctets(await readBody(ctx, maxOctets));
}

/** Read and thrown away of a body over the limit: who is still sending does not get to read the answer. */
const maxDiscardedOctets = 16 * 1_048_576;

async function readBody(ctx: Context, maxOctets: number): Promise<Buffer> {
  const maxRead = maxOctets + maxDiscardedOctets;
  if ((ctx.request.length ?? 0) > maxRead) throw tooLarge(ctx, maxOctets, 'hang up');
  let chunks: Buffer[] = [];
  let octets = 0;
  await received(ctx.req, (chunk) => {
    octets += chunk.length;
    if (octets > maxRead) throw tooLarge(ctx, maxOctets, 'hang up');
    if (octets > maxOctets) chunks = [];
    else chunks.push(chunk);
  });
  if (octets > maxOctets) throw tooLarge(ctx, maxOctets, 'go on');
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, octets);
}

/** By events: an asynchronous iterator over the one chunk of a usual body costs as much as parsing it. */
function received(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => fail(tooSlow()), bodyTimeoutMs);
    const fail = (error: Error) => {
      clearTimeout(late);
      request.off('data', onData);
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        fail(error as Error);
      }
    };
    request.on('data', onData);
    request.once('end', () => {
      clearTimeout(late);
      resolve();
    });
    request.once('error', fail);
  });
}

function tooSlow(): HttpProblem {
  return new HttpProblem({
    type: 'silence',
    title: 'The request took too long to come in',
    status: 408,
    detail: `the body was not complete after ${bodyTimeoutMs / 1_000} s`,
    mend: 'send the request again',
  });
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
