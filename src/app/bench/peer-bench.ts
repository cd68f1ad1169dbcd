import { availableParallelism } from 'node:os';
import { Unavailable } from '../../services/errors.ts';
import type { BenchedSigner } from './bench-instance.ts';
import { benchedKey } from './bench-instance.ts';
import type { JavaPeer, PeerKey } from './java-peer.ts';
import { type Measurement, overRounds, type Round } from './measurement.ts';
import type { SodBench } from './sod-bench.ts';
import type { SodLoad } from './station-load.ts';

const what = 'Bouncy Castle CMS and SunPKCS11, verified, without TLS, records, log and rules';

/**
 * The service beside what a State would use otherwise, in turns: on all processors, and what the service reaches
 * for each processor beside one thread of the peer.
 *
 * @throws Unavailable where Java cannot do the algorithm, with its reason
 */
export async function measurePeer(
  { instance, rounds: count, seconds, signal }: SodBench,
  signer: BenchedSigner,
  sides: { readonly peer: JavaPeer; readonly load: SodLoad },
): Promise<readonly Measurement[]> {
  const key = await peerKey(instance, signer);
  const cores = availableParallelism();
  // Java's compiler needs a while: not counted.
  await sides.peer.run(key, cores, 3 * seconds);
  const all: Round[] = [];
  const one: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const { sods, seconds: elapsed } = await sides.load.run(signer.documentType, seconds, signal);
    const ours = sods / elapsed;
    all.push({ ours, limit: (await sides.peer.run(key, cores, seconds)).perSecond });
    one.push({ ours: ours / cores, limit: (await sides.peer.run(key, 1, seconds)).perSecond });
    signal.throwIfAborted();
  }
  const common = { algorithm: signer.algorithm };
  return [
    {
      bench: 'sod-peer',
      ...common,
      unit: 'SOD/s',
      ...overRounds(all),
      against: `${what}, in ${cores} threads; ours in one batch`,
    },
    {
      bench: 'sod-peer-core',
      ...common,
      unit: 'SOD/s for each processor',
      ...overRounds(one),
      against: `${what}, in one thread; ours in one batch on all ${cores} processors, divided by them`,
    },
  ];
}

/** Why the peer cannot be measured, where that is why. */
export function reasonAgainstPeer(error: unknown): string {
  if (error instanceof Unavailable) return error.message;
  throw error;
}

export async function peerKey(instance: SodBench['instance'], signer: BenchedSigner): Promise<PeerKey> {
  const { keyId, publicKey, certificate } = await benchedKey(instance, signer);
  return { keyId, keyAlgorithm: signer.algorithm, publicKey, certificate };
}
