import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Chance } from './chance.ts';

/** The first of five ports in a row, somewhere below the ephemeral ones, that nothing listens on. */
export async function freePortBase(chance: Chance): Promise<number> {
  for (;;) {
    const base = 10_000 + 5 * chance.below(4_000);
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
