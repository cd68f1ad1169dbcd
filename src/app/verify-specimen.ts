import { readFileSync } from 'node:fs';
import { passiveAuthentication } from '../rules/passive-authentication/index.ts';
import { systemClock } from '../adapters/clock/index.ts';
import { loadTrustMaterial } from './cli/trust-material.ts';
import type { Instance } from './instance/load-instance.ts';
import type { Specimen } from './specimen.ts';

/** Passive Authentication of the specimen from files alone, trusting what lies in the trust folder. */
export async function verifySpecimen({ paths }: Instance, specimen: Specimen) {
  const at = systemClock.now();
  const { trust, crls } = loadTrustMaterial([paths.trust], [], at);
  const dataGroups = new Map(
    [...specimen.dataGroups].map(([number, path]) => [number, Uint8Array.from(readFileSync(path))]),
  );
  const efSod = Uint8Array.from(readFileSync(specimen.efSod));
  return passiveAuthentication({ efSod, dataGroups, trust, crls, at, strict: false });
}
