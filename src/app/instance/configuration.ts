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
/** `count` keys sign at a time, in turns: when one is lost or used up, the others go on. */
const plannedSigner = plannedKey.extend({ count: z.int().min(1).max(16).optional() });
/** Said in so many words, never by leaving the CSCA out: a slip of the pen must not make an instance without one. */
const offlineCsca = z.strictObject({ offline: z.literal(true) });
const partner = z.strictObject({
  instanceId: instanceIdField,
  /** SubjectPublicKeyInfo of its exchange key, base64. */
  publicKey: octetsField,
});
const port = z.int().min(1).max(65_535);

/** docs/tokens.md says what each setting does. */
const tokenFields = {
  module: z.string().min(1),
  tokenLabel: z.string().min(1).max(32),
  /** Where several tokens have the label. */
  serialNumber: z.string().min(1).optional(),
  pinFile: z.string().min(1),
  /** What the module is told when it is initialised, for those that take something; `{home}` is the instance's folder. */
  libraryParameters: z.string().min(1).optional(),
  /** Environment of the signer processes, for the module's own configuration; never a PIN. */
  environment: z.record(z.string(), z.string()),
  /** Signer processes side by side. */
  processes: z.int().min(1).max(64),
  /** Signatures under way at a time in each process: 1 for a module that works in the machine. */
  sessions: z.int().min(1).max(512).default(1),
  /** Milliseconds after which a process that holds a job is taken for hung; half the deadline where absent. */
  hangMs: z.int().min(100).max(600_000).optional(),
  /** Seconds without an answer after which a process proves with the health key that its token signs. */
  keepAliveSeconds: z.int().min(1).max(3_600).default(30),
};
const token = z.strictObject(tokenFields);
/** Another token with keys of the instance. */
const otherToken = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be lower-case letters, digits and hyphens'),
  ...tokenFields,
  /** Jobs go to the tokens of the lowest number that work; `token` has 1. The same number shares them. */
  preference: z.int().min(1).max(9),
});

const common = {
  /** `development` marks everything that the instance makes; only `production` may serve a state. */
  environment: z.enum(['development', 'production']),
  state: issuingStateSchema,
  policies: z.string().min(1),
  token,
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
    documentSigners: z.array(plannedSigner).min(1),
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
  /** Further tokens with the same keys, or with some of them. */
  otherTokens: z
    .array(otherToken)
    .max(8)
    .refine((tokens) => new Set(['token', ...tokens.map(({ name }) => name)]).size === tokens.length + 1, {
      message: 'each needs a name of its own, other than token',
    })
    .optional(),
  limits: z.strictObject({
    /** How long a caller waits who says nothing else, and how long one token may take. */
    deadlineMs,
    /** The longest that a caller may ask for; as `deadlineMs` where absent, or a minute if that is longer. */
    longestDeadlineMs: deadlineMs.optional(),
    maxInFlight: z.int().min(1).max(100_000),
    /** The most of them for one station; as many as are free for others where absent, and never more. */
    maxInFlightPerStation: z.int().min(1).max(100_000).optional(),
    maxBodyOctets: z.int().min(1_024).max(16_777_216),
  }),
  /** The log; where it is left out, it is named by the distribution's address and has no cosigners. */
  log: log.optional(),
  /** With an offline CSCA: whom requests go to, and the CSCA certificate that everything is held against. */
  exchange: z.strictObject({ partner, anchor: sha256Field }).optional(),
});

export type Configuration = z.infer<typeof configurationSchema>;
/** As it is written, before what is left out is filled in. */
export type WrittenConfiguration = z.input<typeof configurationSchema>;

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

export type TokenSettings = z.infer<typeof token>;

/** A token of the instance under its name; `token` itself is the first. */
export interface NamedToken extends TokenSettings {
  readonly name: string;
  readonly preference: number;
}

export function tokensOf(configuration: AnyConfiguration): readonly NamedToken[] {
  const first = { ...configuration.token, name: 'token', preference: 1 };
  return [first, ...('otherTokens' in configuration ? (configuration.otherTokens ?? []) : [])];
}

/** @throws MalformedInput when `sigillo.yaml` has no such token */
export function tokenNamed(configuration: AnyConfiguration, name: string): NamedToken {
  const token = tokensOf(configuration).find((candidate) => candidate.name === name);
  if (token === undefined) throw new MalformedInput('--token', `sigillo.yaml has no token ${name}`);
  return token;
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
  const placed = <Settings extends TokenSettings>(settings: Settings): Settings => ({
    ...settings,
    module: absolute(settings.module),
    pinFile: absolute(settings.pinFile),
    libraryParameters: settings.libraryParameters?.replaceAll('{home}', home),
    environment: Object.fromEntries(
      Object.entries(settings.environment).map(([name, value]) => [
        name,
        value.startsWith('./') ? absolute(value) : value,
      ]),
    ),
  });
  const others = 'otherTokens' in configuration ? configuration.otherTokens : undefined;
  return {
    ...configuration,
    policies: absolute(configuration.policies),
    token: placed(configuration.token),
    ...(others === undefined ? {} : { otherTokens: others.map(placed) }),
  };
}
