import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DigestName } from '../../formats/algorithms/digests.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type CertificateProfile, parseCertificateProfile } from './certificate-profile.ts';
import { type Clauses, parsePolicyFile, periodSchema, type PolicySource } from './policy-file.ts';
import { type LintWaiver, parseWaivers } from './waivers.ts';

const digestNames = ['SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'] as const satisfies readonly DigestName[];

/** What an EF.SOD may look like (Doc 9303-10 §4.6.2). */
const sodPolicySchema = z.strictObject({
  policy: z.literal('sod'),
  standard: z.string().min(1),
  /** Digests of the data groups. */
  digestAlgorithms: z.array(z.enum(digestNames)).min(1),
  ldsVersions: z.array(z.enum(['1.7', '1.8'])).min(1),
  unicodeVersions: z
    .array(z.string().regex(/^\d{6}$/, 'must be six digits in quotes, such as "040000"'))
    .min(1),
  requiredDataGroups: z.array(z.int().min(1).max(16)).min(1),
  signingTimeAttribute: z.boolean(),
});
const sodClauses: Clauses = {
  '': 'docs/policies.md',
  digestAlgorithms: 'Doc 9303-12 §4.1.6.4',
  ldsVersions: 'Doc 9303-10 §4.6.2.3',
  unicodeVersions: 'Doc 9303-10 §4.6.2.3',
  requiredDataGroups: 'Doc 9303-10 §4.5.2',
};
export type SodPolicy = z.infer<typeof sodPolicySchema>;

/** When CRLs are made (Doc 9303-12 §4.1.5: one at least every 90 days). */
const crlPolicySchema = z
  .strictObject({ policy: z.literal('crl'), standard: z.string().min(1), nextUpdate: periodSchema })
  .refine((crl) => crl.nextUpdate.years === 0 && crl.nextUpdate.months * 31 + crl.nextUpdate.days <= 90, {
    error: 'must not be more than 90 days',
    path: ['nextUpdate'],
  });
const crlClauses: Clauses = { '': 'docs/policies.md', nextUpdate: 'Doc 9303-12 §4.1.5' };
export type CrlPolicy = z.infer<typeof crlPolicySchema>;

/** All policies of an instance, checked, with the digest that decisions are recorded under. */
export interface Policies {
  readonly profiles: ReadonlyMap<string, CertificateProfile>;
  readonly sod: SodPolicy;
  readonly crl: CrlPolicy;
  readonly waivers: readonly LintWaiver[];
  /** SHA-256 over all files in order of their names, hexadecimal. */
  readonly digest: string;
  /** The files that the digest is over. */
  readonly sources: readonly PolicySource[];
}

/**
 * Loads a folder of policies: `sod.yaml`, `crl.yaml` and, if there, `waivers.yaml` by name, every other file as certificate profile.
 *
 * @throws MalformedInput naming file, line and key
 */
export function parsePolicies(sources: readonly PolicySource[]): Policies {
  const ordered = inOrder(sources);
  const profiles = new Map<string, CertificateProfile>();
  let sod: SodPolicy | undefined;
  let crl: CrlPolicy | undefined;
  let waivers: readonly LintWaiver[] = [];
  for (const source of ordered) {
    const name = baseName(source);
    if (name === 'sod.yaml') sod = parsePolicyFile(sodPolicySchema, source, sodClauses);
    else if (name === 'crl.yaml') crl = parsePolicyFile(crlPolicySchema, source, crlClauses);
    else if (name === 'waivers.yaml') waivers = parseWaivers(source);
    else addProfile(profiles, source);
  }
  if (sod === undefined) throw isMissing('policies/sod.yaml');
  if (crl === undefined) throw isMissing('policies/crl.yaml');
  return { profiles, sod, crl, waivers, digest: policyDigest(ordered), sources: ordered };
}

function isMissing(file: string): MalformedInput {
  return new MalformedInput(file, 'is missing', { source: 'docs/policies.md' });
}

function baseName(source: PolicySource): string {
  return source.file.split('/').at(-1) ?? source.file;
}

function addProfile(profiles: Map<string, CertificateProfile>, source: PolicySource): void {
  const profile = parseCertificateProfile(source);
  if (baseName(source) !== `${profile.profile}.yaml`) {
    throw new MalformedInput(`${source.file} profile`, `must be named as its file, not ${profile.profile}`, {
      source: 'docs/policies.md',
    });
  }
  profiles.set(profile.profile, profile);
}

function inOrder(sources: readonly PolicySource[]): readonly PolicySource[] {
  return sources.toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** What policies are named by, also such as do not load: SHA-256 over all files in order of their names. */
export function policyDigest(sources: readonly PolicySource[]): string {
  const hash = createHash('sha256');
  for (const source of inOrder(sources)) {
    hash.update(`${baseName(source)}\0${Buffer.byteLength(source.text)}\0`).update(source.text);
  }
  return hash.digest('hex');
}
