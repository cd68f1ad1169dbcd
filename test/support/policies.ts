import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Policies, parsePolicies } from '../../src/rules/profile/policies.ts';
import type { PolicySource } from '../../src/rules/profile/policy-file.ts';

const folder = fileURLToPath(new URL('../../policies/', import.meta.url));

/** The policies that come with the program, as files. */
export function shippedPolicySources(): PolicySource[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ file: `policies/${name}`, text: readFileSync(`${folder}/${name}`, 'utf8') }));
}

export function shippedPolicies(): Policies {
  return parsePolicies(shippedPolicySources());
}
