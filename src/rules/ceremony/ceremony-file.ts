import { createHash } from 'node:crypto';
import { z } from 'zod';
import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { encodeCanonicalJson, type JsonValue } from '../../formats/canonical-json.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { instanceIdField, sha256Field } from '../exchange/fields.ts';
import { parsePolicyFile, type PolicySource } from '../profile/policy-file.ts';

/** A key ceremony as one file that witnesses can read: what is made, from what, before whom (docs/ceremony.md). */

const label = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be a label in lower case with hyphens');
const sequence = z.string().regex(/^\d{5}$/, 'must be five digits');
const day = z.iso.date().transform((text) => new Date(`${text}T00:00:00Z`));
/** A name in the ceremony's own folder, so that nothing is written anywhere else. */
const output = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be a file name without folder')
  .refine((name) => name !== 'transcript.jsonl' && name !== 'ceremony.yaml', 'is the name of a file of ours');
const keyAlgorithm = z
  .string()
  .refine((name) => keyAlgorithms.has(name), 'is not a key algorithm that Sigillo can issue under');

const makeKey = z.strictObject({
  step: z.literal('make-key'),
  label,
  role: z.enum(['csca', 'exchange']),
  keyAlgorithm,
});
const issueCertificate = z.strictObject({
  step: z.literal('issue-certificate'),
  profile: z.string().min(1),
  key: label,
  issuer: z.literal('self'),
  sequence,
  /** When the private key's usage period begins, if not at once. */
  usageFrom: day.optional(),
});
const issueLink = z.strictObject({
  step: z.literal('issue-link'),
  profile: z.string().min(1),
  from: label,
  to: label,
  /** When the receiving States were told (Doc 9303-12 §4.1.4.3). */
  announced: day,
});
const signCrl = z.strictObject({ step: z.literal('sign-crl'), issuer: label });
const processRequest = z.strictObject({
  step: z.literal('process-request'),
  /** Path of the request bundle, from the folder of the ceremony file. */
  bundle: z.string().min(1),
  /** Its SHA-256, where it is known when the ceremony is written. */
  sha256: sha256Field.optional(),
  issuer: label,
  response: output,
  /** The day from which the receiving States are told of a change of the CSCA key (Doc 9303-12 §4.1.4.3). */
  announced: day.optional(),
});
const exportStep = z.strictObject({
  step: z.literal('export'),
  what: z.enum(['certificate', 'link', 'crl', 'identity']),
  /** Whose certificate or link. */
  key: label.optional(),
  file: output,
});

const stepSchema = z.discriminatedUnion('step', [
  makeKey,
  issueCertificate,
  issueLink,
  signCrl,
  processRequest,
  exportStep,
]);

const ceremonySchema = z.strictObject({
  ceremony: label,
  title: z.string().min(1),
  instance: z.strictObject({
    /** The offline instance's id; left out only for the ceremony that begins it. */
    id: instanceIdField.optional(),
    environment: z.enum(['development', 'production']),
    country: z.string().regex(/^[A-Z]{2}$/, 'must be two upper-case letters'),
    organization: z.string().min(1),
  }),
  token: z.strictObject({ label: z.string().min(1).max(32) }),
  /** SHA-256 of the policies that the ceremony was written for. */
  policyDigest: sha256Field.optional(),
  present: z.strictObject({
    minimum: z.int().min(2, 'must be at least two: nobody makes keys alone'),
    witnesses: z.array(z.strictObject({ name: z.string().min(1), role: z.string().min(1) })).min(2),
  }),
  steps: z.array(stepSchema).min(1),
});

export type CeremonyStep = z.infer<typeof stepSchema>;
export type Ceremony = Omit<z.infer<typeof ceremonySchema>, 'steps'> & {
  readonly steps: readonly CeremonyStep[];
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
};

/**
 * Reads a ceremony file.
 *
 * @throws MalformedInput naming file, line and key when it does not fit the schema or contradicts itself
 */
export function parseCeremony(source: PolicySource): Ceremony {
  const ceremony = parsePolicyFile(ceremonySchema, source, { '': 'docs/ceremony.md' });
  const refuse = (key: string, reason: string): never => {
    throw new MalformedInput(`${source.file} ${key}`, reason);
  };
  const names = ceremony.present.witnesses.map(({ name }) => name);
  if (new Set(names).size !== names.length) refuse('present.witnesses', 'names somebody twice');
  if (ceremony.present.minimum > names.length) refuse('present.minimum', 'is more than are named');
  const made = new Set<string>();
  const written = new Set<string>();
  ceremony.steps.forEach((step, index) => {
    const key = `steps.${index}`;
    if (step.step === 'make-key' && made.size === made.add(step.label).size) {
      refuse(`${key}.label`, `makes ${step.label} a second time`);
    }
    const file = outputOf(step);
    if (file !== undefined && written.size === written.add(file).size) {
      refuse(key, `writes ${file} a second time`);
    }
    if (step.step === 'export' && (step.key === undefined) === isOfKey(step.what)) {
      refuse(`${key}.key`, isOfKey(step.what) ? 'must say whose' : `has no place beside ${step.what}`);
    }
  });
  return { ...ceremony, sha256: createHash('sha256').update(source.text).digest('hex') };
}

function isOfKey(what: 'certificate' | 'link' | 'crl' | 'identity'): boolean {
  return what === 'certificate' || what === 'link';
}

/** The file that a step writes into the ceremony's folder. */
export function outputOf(step: CeremonyStep): string | undefined {
  if (step.step === 'export') return step.file;
  return step.step === 'process-request' ? step.response : undefined;
}

/** SHA-256 over a step as the ceremony file has it: its input in the transcript. */
export function stepDigest(step: CeremonyStep): string {
  const members = Object.entries(step)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value] as const);
  const json = Object.fromEntries(members) as JsonValue;
  return createHash('sha256').update(encodeCanonicalJson(json)).digest('hex');
}

/** A step in words, for those who are present. */
export function describeStep(step: CeremonyStep): string {
  switch (step.step) {
    case 'make-key':
      return `make key pair ${step.label} (${step.keyAlgorithm}) for ${step.role} on the token`;
    case 'issue-certificate':
      return `issue a self-signed certificate ${step.profile} ${step.sequence} for key ${step.key}`;
    case 'issue-link':
      return `issue a link certificate: key ${step.from} introduces key ${step.to}`;
    case 'sign-crl':
      return `sign the next CRL with key ${step.issuer}`;
    case 'process-request':
      return `answer the request bundle ${step.bundle} with key ${step.issuer}, into ${step.response}`;
    case 'export':
      return `write the ${step.what}${step.key === undefined ? '' : ` of key ${step.key}`} to ${step.file}`;
  }
}
