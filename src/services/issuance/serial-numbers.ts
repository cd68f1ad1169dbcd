import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import { Refused } from '../errors.ts';
import type { Random } from '../ports.ts';

/** Before every certificate reference that is given here. */
const epoch = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;
const references = 0xfffff;
/** Draws of a random number; a second one is never needed but with a broken generator. */
const mostDraws = 3;

/** Certificates with a reference that can be issued within a day, and for how long numbers may run ahead. */
const referencesOfADay = 24;

/**
 * Serial numbers to be tried for a new certificate, one after the other, until the records take one.
 *
 * Usually they are random, with a leading 1, so that they are positive and of one length. A certificate reference
 * has five hexadecimal digits, too few for chance, and all zeros are for tests (Doc 9303-13 §2.2.1): it is the
 * hour of issuance, or one of the hours after it while those are free. Records that were restored from a backup do
 * not know what was given since; time does, and after a day no number comes back (decision 0010).
 *
 * @param at the certificate's notBefore
 */
export function* serialNumbers(
  form: CertificateProfile['serialNumber'],
  at: Date,
  random: Random,
): Generator<bigint, void, void> {
  if ('randomOctets' in form) {
    for (let draw = 0; draw < mostDraws; draw += 1) {
      const octets = Buffer.from(random.octets(form.randomOctets));
      yield BigInt(`0x01${octets.toString('hex')}`);
    }
    return;
  }
  const hour = Math.max(0, Math.floor((at.getTime() - epoch) / hourMs));
  for (let ahead = 0; ahead < referencesOfADay; ahead += 1) yield BigInt(((hour + ahead) % references) + 1);
}

/** Where the records have taken none of them. */
export function noSerialNumberFree(profile: string): Refused {
  return new Refused('duplicate', `no serial number is free for a ${profile} certificate now`, {
    rule: 'C-SER',
    source: 'Doc 9303-12 Table 5, Doc 9303-13 §2.2.1',
    mend: `wait an hour: ${referencesOfADay} certificates with a reference of five digits can be issued a day`,
  });
}
