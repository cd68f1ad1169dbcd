import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Policies, parsePolicies } from '../../rules/profile/policies.ts';
import { parsePolicyFile } from '../../rules/profile/policy-file.ts';
import { type Configuration, configurationSchema, withAbsolutePaths } from './configuration.ts';

/** Where things lie in an instance's folder. */
export interface InstancePaths {
  readonly home: string;
  readonly configuration: string;
  readonly records: string;
  readonly credentials: string;
  readonly trust: string;
}

export interface Instance {
  readonly paths: InstancePaths;
  readonly configuration: Configuration;
  readonly policies: Policies;
}

export function instancePaths(home: string): InstancePaths {
  return {
    home,
    configuration: join(home, 'sigillo.yaml'),
    records: join(home, 'records.sqlite'),
    credentials: join(home, 'credentials'),
    trust: join(home, 'trust'),
  };
}

/** @throws MalformedInput naming file, line and key when configuration or a policy does not hold */
export function loadInstance(home: string): Instance {
  const paths = instancePaths(home);
  if (!existsSync(paths.configuration)) {
    throw new MalformedInput(paths.configuration, 'is not there: make the instance with sigillo init');
  }
  const source = { file: 'sigillo.yaml', text: readFileSync(paths.configuration, 'utf8') };
  const configuration = withAbsolutePaths(parsePolicyFile(configurationSchema, source), home);
  return { paths, configuration, policies: loadPolicies(configuration.policies) };
}

function loadPolicies(directory: string): Policies {
  if (!existsSync(directory)) throw new MalformedInput('policies', `the folder ${directory} is not there`);
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  return parsePolicies(
    files.map((name) => ({ file: `policies/${name}`, text: readFileSync(join(directory, name), 'utf8') })),
  );
}
