import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The first of five ports in a row that nothing listens on; below the ephemeral ones, any of which a connection may
 * take in the meantime.
 *
 * @param below a number from 0 up to and without its bound
 */
export async function freePortBase(below: (bound: number) => number = randomInt): Promise<number> {
  for (;;) {
    const base = 10_000 + 5 * below(4_000);
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
