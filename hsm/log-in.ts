import type graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import { Unavailable } from '../src/services/errors.ts';
import { PinFile } from './pin-file.ts';
import { returnValueOf, unavailableToken } from './pkcs11-error.ts';

/** What tokens answer to a PIN that is not theirs; some count one of the wrong length or alphabet too. */
const refusals: readonly string[] = ['CKR_PIN_INCORRECT', 'CKR_PIN_INVALID', 'CKR_PIN_LEN_RANGE'];

/**
 * Logs the process in, with one attempt at the PIN. Where it is logged in already, nothing is tried.
 *
 * @throws Unavailable when the PIN is refused, was refused before, or one more wrong one would lock the token
 */
export function logIn(session: graphene.Session, slot: graphene.Slot, pinFilePath: string): void {
  const flags: number = slot.getToken().flags;
  if ((flags & (pkcs11.CKF_USER_PIN_LOCKED | pkcs11.CKF_USER_PIN_FINAL_TRY)) !== 0) {
    throw new Unavailable('token', 'one more wrong PIN would lock the token, or it is locked', {
      outcome: 'not-applied',
      mend: 'log in once by hand with the right PIN, or have the security officer reset it',
    });
  }
  const pinFile = new PinFile(pinFilePath);
  const pin = pinFile.read();
  pinFile.prepareMark();
  try {
    session.login(pin);
  } catch (error) {
    const returnValue = returnValueOf(error) ?? '';
    if (returnValue === 'CKR_USER_ALREADY_LOGGED_IN') return pinFile.clearMark();
    if (!refusals.includes(returnValue)) throw unavailableToken('logging in', error);
    pinFile.markRefused(pin);
    throw new Unavailable('token', 'the token refused the PIN; it is not tried a second time', {
      outcome: 'not-applied',
      mend: `correct the PIN in ${pinFile.path}`,
      cause: error,
    });
  }
  pinFile.clearMark();
}
