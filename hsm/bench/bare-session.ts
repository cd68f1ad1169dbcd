import pkcs11 from 'pkcs11js';
import { initialiseArguments } from '../initialise-arguments.ts';
import { PinFile } from '../pin-file.ts';
import type { TokenConfiguration } from '../pkcs11-token.ts';

/** A session of PKCS#11 with nothing around it. */
export interface BareSession {
  readonly module: pkcs11.PKCS11;
  /** CK_SLOT_ID as it lies in memory. */
  readonly slot: Buffer;
  readonly session: Buffer;
}

/** Loads the module and logs in. @throws Error when no token has the label */
export function openBareSession(
  { module: path, tokenLabel, pinFile, libraryParameters }: TokenConfiguration,
  access: 'read-only' | 'read-write',
): BareSession {
  const module = new pkcs11.PKCS11();
  module.load(path);
  module.C_Initialize(initialiseArguments(libraryParameters));
  const slot = module
    .C_GetSlotList(true)
    .find((candidate) => withoutPadding(module.C_GetTokenInfo(candidate).label) === tokenLabel);
  if (slot === undefined) throw new Error(`no token is labelled ${tokenLabel}`);
  const flags = pkcs11.CKF_SERIAL_SESSION | (access === 'read-write' ? pkcs11.CKF_RW_SESSION : 0);
  const session = module.C_OpenSession(slot, flags);
  module.C_Login(session, pkcs11.CKU_USER, new PinFile(pinFile).read());
  return { module, slot, session };
}

/** Labels are padded with blanks by the standard, with zero octets by the binding. */
function withoutPadding(label: string): string {
  return label.replaceAll('\0', '').trimEnd();
}
