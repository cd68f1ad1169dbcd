import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { issuingStateSchema } from '../../rules/profile/issuing-state.ts';

const keyAlgorithm = z
  .string()
  .refine((name) => keyAlgorithms.has(name), 'is not a key algorithm that Sigillo can issue under');
const plannedKey = z.strictObject({ profile: z.string().min(1), keyAlgorithm });
const port = z.int().min(1).max(65_535);

/** `sigillo.yaml`, the one configuration file of an instance. Relative paths start at its folder. */
export const configurationSchema = z.strictObject({
  /** `development` marks everything that the instance makes; only `production` may serve a state. */
  environment: z.enum(['development', 'production']),
  state: issuingStateSchema,
  policies: z.string().min(1),
  token: z.strictObject({
    module: z.string().min(1),
    tokenLabel: z.string().min(1).max(32),
    pinFile: z.string().min(1),
    /** Environment of the signer processes, for the module's own configuration; never a PIN. */
    environment: z.record(z.string(), z.string()),
    /** Signer processes side by side. */
    processes: z.int().min(1).max(64),
  }),
  keys: z.strictObject({
    csca: plannedKey,
    documentSigners: z.array(plannedKey).min(1),
    masterListSigner: plannedKey,
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
    deadlineMs: z.int().min(100).max(600_000),
    maxInFlight: z.int().min(1).max(100_000),
    maxBodyOctets: z.int().min(1_024).max(16_777_216),
  }),
});

export type Configuration = z.infer<typeof configurationSchema>;

/** The configuration with every path made absolute. */
export function withAbsolutePaths(configuration: Configuration, home: string): Configuration {
  const absolute = (path: string) => (isAbsolute(path) ? path : join(home, path));
  return {
    ...configuration,
    policies: absolute(configuration.policies),
    token: {
      ...configuration.token,
      module: absolute(configuration.token.module),
      pinFile: absolute(configuration.token.pinFile),
      environment: Object.fromEntries(
        Object.entries(configuration.token.environment).map(([name, value]) => [
          name,
          value.startsWith('./') ? absolute(value) : value,
        ]),
      ),
    },
  };
}
