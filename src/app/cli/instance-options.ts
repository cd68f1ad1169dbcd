import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';

/** The policies that come with the program; an instance works with its own copy. */
export const shippedPolicies = fileURLToPath(new URL('../../../policies', import.meta.url));

/** `--home`, where the development instance lies unless told otherwise. */
export const defaultHome = 'var/dev';

/** Ports start here unless told otherwise. */
export const defaultPortBase = 8440;

export function homePath(value: string): string {
  return resolve(value);
}

/** A name that is a folder under `credentials/` and a commonName. */
export function holderName(value: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value)) {
    throw new InvalidArgumentError('write 1 to 64 letters, digits, dots, underscores or hyphens.');
  }
  return value;
}

export function portBase(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_530) {
    throw new InvalidArgumentError('write a port from 1 to 65530.');
  }
  return port;
}
