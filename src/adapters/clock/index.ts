import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../../services/ports.ts';

/** The machine's clock. The only place that reads it. */
export const systemClock: Clock = {
  now: () => new Date(),
};

/** OpenSSL's generator. */
export const systemRandom: Random = {
  octets: (count) => Uint8Array.from(randomBytes(count)),
};
