import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { instanceIdField, octetsField, sha256Field } from '../../rules/exchange/fields.ts';
import { decodeVerifierKey, isCosigner } from '../../formats/log/verifier-key.ts';
import { isKeyName } from '../../formats/log/signed-note.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { logKeyAlgorithmNames } from '../../rules/log/log-key.ts';
import { issuingStateSchema } from '../../rules/profile/issuing-state.ts';
import { parsePolicyFile, type PolicySource } from '../../rules/profile/policy-file.ts';

const keyAlgorithm = z
  .string()
  .refine((name) => keyAlgorithms.has(name), 'is not a key algorithm that Sigillo can issue under');
const plannedKey = z.strictObject({ profile: z.string().min(1), keyAlgorithm });
/** Said in so many words, never by leaving the CSCA out: a slip of the pen must not make an instance without one. */
const offlineCsca = z.strictObject({ offline: z.literal(true) });
const partner = z.strictObject({
  instanceId: instanceIdField,
  /** SubjectPublicKeyInfo of its exchange key, base64. */
  publicKey: octetsField,
});
const port = z.int().min(1).max(65_535);

const common = {
  /** `development` marks everything that the instance makes; only `production` may serve a state. */
  environment: z.enum(['development', 'production']),
  state: issuingStateSchema,
  policies: z.string().min(1),
  token: z.strictObject({
    module: z.string().min(1),
    tokenLabel: z.string().min(1).max(32),
    pinFile: z.string().min(1),
    /** What the module is told when it is initialised, for those that take something; `{home}` is the instance's folder. */
    libraryParameters: z.string().min(1).optional(),
    /** Environment of the signer processes, for the module's own configuration; never a PIN. */
    environment: z.record(z.string(), z.string()),
    /** Signer processes side by side. */
    processes: z.int().min(1).max(64),
  }),
};
const deadlineMs = z.int().min(100).max(600_000);

/** vkey of a cosigner (C2SP tlog-cosignature). */
const cosignerKey = z.string().transform((text, context) => {
  try {
    const key = decodeVerifierKey(text);
    if (isCosigner(key)) return text;
    context.addIssue({ code: 'custom', message: 'is not the vkey of a cosigner (signature type 4 or 6)' });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
  return z.NEVER;
});

const log = z
  .strictObject({
    /** Name of the log, for ever: its address without scheme. */
    origin: z.string().refine(isKeyName, 'must have no spaces and no plus'),
    /** Ed25519, as witnesses ask for, unless the token has none. */
    keyAlgorithm: z.enum(logKeyAlgorithmNames),
    /** Who is asked to cosign every checkpoint (C2SP tlog-witness). */
    witnesses: z.array(z.strictObject({ vkey: cosignerKey, url: z.url({ protocol: /^https?$/ }) })).max(16),
    /** Cosignatures that a checkpoint must have before it is served. */
    cosignatures: z.int().min(0),
    /** How long a witness may take. */
    witnessDeadlineMs: deadlineMs,
  })
  .refine(({ witnesses, cosignatures }) => cosignatures <= witnesses.length, {
    path: ['cosignatures'],
    message: 'must not be more than there are witnesses',
  });

/** `sigillo.yaml`, the one configuration file of an instance. Relative paths start at its folder. */
const configurationSchema = z.strictObject({
  ...common,
  keys: z.strictObject({
    csca: z.union([plannedKey, offlineCsca]),
    documentSigners: z.array(plannedKey).min(1),
    masterListSigner: plannedKey,
    /** Deviation List, bar-code, VDS-NC, LDS2 and DTC signers. `name` is for subjects that have one. */
    otherSigners: z.array(plannedKey.extend({ name: z.string().min(1).optional() })).default([]),
    accessCa: plannedKey,
  }),
  http: z.strictObject({
    /** Address that the station API and the distribution listen on. */
    address: z.string().min(1),
    /** Names and addresses in the server's own certificate. */
    hosts: z.array(z.string().min(1)).min(1),
    /** +0 station API, +1 EAC, +2 console, +3 distribution, +4 metrics and health. */
    portBase: port,
  }),
  limits: z.strictObject({
    deadlineMs,
    maxInFlight: z.int().min(1).max(100_000),
    maxBodyOctets: z.int().min(1_024).max(16_777_216),
  }),
  /** The log; where it is left out, it is named by the distribution's address and has no cosigners. */
  log: log.optional(),
  /** With an offline CSCA: whom requests go to, and the CSCA certificate that everything is held against. */
  exchange: z.strictObject({ partner, anchor: sha256Field }).optional(),
});

export type Configuration = z.infer<typeof configurationSchema>;

/** `sigillo.yaml` of a CSCA without network, which makes things in ceremonies only (docs/ceremony.md). */
const offlineConfigurationSchema = z.strictObject({
  machine: z.literal('offline-csca'),
  ...common,
  /** Absent until the online instance has made its exchange key. */
  exchange: z.strictObject({ partner }).optional(),
  limits: z.strictObject({ deadlineMs }),
});

export type OfflineConfiguration = z.infer<typeof offlineConfigurationSchema>;

/** The log of an instance, also of one whose `sigillo.yaml` was written before there was one. */
export function logSettings({ log: written, state }: Configuration): z.infer<typeof log> {
  if (written !== undefined) return written;
  const origin = `${state.distribution.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '')}/log`;
  return { origin, keyAlgorithm: 'ed25519', witnesses: [], cosignatures: 0, witnessDeadlineMs: 5_000 };
}

/** What both kinds have. */
export type AnyConfiguration = Configuration | OfflineConfiguration;

/** @throws MalformedInput naming file, line and key */
export function parseConfiguration(source: PolicySource): AnyConfiguration {
  const { machine } = parsePolicyFile(z.looseObject({ machine: z.unknown() }).partial(), source);
  return machine === undefined
    ? parsePolicyFile(configurationSchema, source)
    : parsePolicyFile(offlineConfigurationSchema, source);
}

/** The configuration with every path made absolute. */
export function withAbsolutePaths<T extends AnyConfiguration>(configuration: T, home: string): T {
  const absolute = (path: string) => (isAbsolute(path) ? path : join(home, path));
  return {
    ...configuration,
    policies: absolute(configuration.policies),
    token: {
      ...configuration.token,
      module: absolute(configuration.token.module),
      pinFile: absolute(configuration.token.pinFile),
      libraryParameters: configuration.token.libraryParameters?.replaceAll('{home}', home),
      environment: Object.fromEntries(
        Object.entries(configuration.token.environment).map(([name, value]) => [
          name,
          value.startsWith('./') ? absolute(value) : value,
        ]),
      ),
    },
  };
}
