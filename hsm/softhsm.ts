import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import { unavailableToken } from './pkcs11-error.ts';

/** Where Debian, Fedora and others install SoftHSM 2. */
const modulePaths = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

/** Path of the SoftHSM 2 module on this machine, or undefined where it is not installed. */
export function softHsmModule(): string | undefined {
  return modulePaths.find((path) => existsSync(path));
}

/**
 * Writes a configuration for SoftHSM 2 with a token folder of its own.
 *
 * @returns the path for SOFTHSM2_CONF
 */
export function writeSoftHsmConfiguration(directory: string): string {
  const tokens = join(directory, 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const path = join(directory, 'softhsm2.conf');
  writeFileSync(path, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  return path;
}

/**
 * Initialises a token in the first free slot. For development and tests; a state's token is initialised
 * with its vendor's tools. The module reads SOFTHSM2_CONF from the environment of this process.
 *
 * @throws Unavailable
 */
export function initialiseToken(modulePath: string, label: string, soPin: string, userPin: string): void {
  try {
    initialise(modulePath, label, soPin, userPin);
  } catch (error) {
    throw unavailableToken(`initialising token ${label}`, error);
  }
}

function initialise(modulePath: string, label: string, soPin: string, userPin: string): void {
  const module = graphene.Module.load(modulePath);
  module.initialize({ flags: pkcs11.CKF_OS_LOCKING_OK });
  try {
    const labelled = [...module.getSlots(true)].find((slot) => slot.getToken().label.trim() === label);
    if (labelled !== undefined) {
      // Without a user PIN it is one whose initialisation was cut short.
      if (!hasFlag(labelled, pkcs11.CKF_USER_PIN_INITIALIZED)) setUserPin(module, label, soPin, userPin);
      return;
    }
    const free = [...module.getSlots(true)].find((slot) => !hasFlag(slot, pkcs11.CKF_TOKEN_INITIALIZED));
    if (free === undefined) throw new Error('the PKCS#11 module has no slot with a token to initialise');
    // Padded with blanks as the standard says; the binding pads with NUL, by which no other program finds it.
    module.lib.C_InitToken(free.handle, soPin, label.padEnd(32));
    setUserPin(module, label, soPin, userPin);
  } finally {
    module.finalize();
  }
}

function hasFlag(slot: graphene.Slot, flag: number): boolean {
  const flags: number = slot.getToken().flags;
  return (flags & flag) !== 0;
}

function setUserPin(module: graphene.Module, label: string, soPin: string, userPin: string): void {
  const slot = [...module.getSlots(true)].find((candidate) => candidate.getToken().label.trim() === label);
  if (slot === undefined) throw new Error(`token ${label} is gone right after it was initialised`);
  const session = slot.open(graphene.SessionFlag.SERIAL_SESSION | graphene.SessionFlag.RW_SESSION);
  session.login(soPin, graphene.UserType.SO);
  session.initPin(userPin);
  session.logout();
  session.close();
}
