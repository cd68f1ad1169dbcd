import type { IncomingMessage } from 'node:http';

/** For who still sends to read the answer, and then the end. */
const lingerMs = 2_000;

/**
 * Gives a station time to read an answer that came before its request was complete, while Node throws away what
 * it still sends. Hung up at once, the answer would be lost with what was not read.
 */
export function endUnreadBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const hangUp = setTimeout(() => request.destroy(), lingerMs);
  request.once('close', () => clearTimeout(hangUp));
}
