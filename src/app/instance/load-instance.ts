import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Policies, parsePolicies } from '../../rules/profile/policies.ts';
import type { PolicySource } from '../../rules/profile/policy-file.ts';
import {
  type AnyConfiguration,
  type Configuration,
  type OfflineConfiguration,
  parseConfiguration,
  withAbsolutePaths,
} from './configuration.ts';

/** Where things lie in an instance's folder. */
export interface InstancePaths {
  readonly home: string;
  readonly configuration: string;
  readonly records: string;
  readonly credentials: string;
  readonly trust: string;
  /** Files of the flight recorder (sigillo token trace). */
  readonly trace: string;
}

export interface AnyInstance {
  readonly paths: InstancePaths;
  readonly configuration: AnyConfiguration;
  readonly policies: Policies;
}

/** One that serves. */
export interface Instance extends AnyInstance {
  readonly configuration: Configuration;
}

/** A CSCA without network. */
export interface OfflineInstance extends AnyInstance {
  readonly configuration: OfflineConfiguration;
}

export function instancePaths(home: string): InstancePaths {
  return {
    home,
    configuration: join(home, 'sigillo.yaml'),
    records: join(home, 'records.sqlite'),
    credentials: join(home, 'credentials'),
    trust: join(home, 'trust'),
    trace: join(home, 'trace'),
  };
}

/** @throws MalformedInput naming file, line and key when configuration or a policy does not hold */
export function loadInstance(home: string): Instance {
  return withPolicies(loadConfigured(home));
}

/** An instance that serves, whether its policies load or not. @throws MalformedInput as `loadInstance` otherwise */
export function loadConfigured(home: string): Omit<Instance, 'policies'> {
  const { paths, configuration } = readConfiguration(home);
  if (!('machine' in configuration)) return { paths, configuration };
  throw new MalformedInput(
    'sigillo.yaml machine',
    'this is an offline CSCA: it works by sigillo ceremony run',
  );
}

/** @throws MalformedInput as `loadInstance`, and for an instance that is no offline CSCA */
export function loadOfflineInstance(home: string): OfflineInstance {
  const instance = loadAnyInstance(home);
  const { configuration } = instance;
  if ('machine' in configuration) return { ...instance, configuration };
  throw new MalformedInput(
    'sigillo.yaml machine',
    'must be offline-csca: ceremonies run on such a machine only',
  );
}

/** @throws MalformedInput as `loadInstance` */
export function loadAnyInstance(home: string): AnyInstance {
  return withPolicies(readConfiguration(home));
}

function readConfiguration(home: string): Omit<AnyInstance, 'policies'> {
  const paths = instancePaths(home);
  if (!existsSync(paths.configuration)) {
    throw new MalformedInput(paths.configuration, 'is not there: make the instance with sigillo init');
  }
  const source = { file: 'sigillo.yaml', text: readFileSync(paths.configuration, 'utf8') };
  return { paths, configuration: withAbsolutePaths(parseConfiguration(source), home) };
}

function withPolicies<Configured extends Omit<AnyInstance, 'policies'>>(
  configured: Configured,
): Configured & { readonly policies: Policies } {
  return { ...configured, policies: parsePolicies(readPolicySources(configured.configuration.policies)) };
}

/** @throws MalformedInput when the folder is not there */
export function readPolicySources(directory: string): readonly PolicySource[] {
  if (!existsSync(directory)) throw new MalformedInput('policies', `the folder ${directory} is not there`);
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  return files.map((name) => ({
    file: `policies/${name}`,
    text: readFileSync(join(directory, name), 'utf8'),
  }));
}
