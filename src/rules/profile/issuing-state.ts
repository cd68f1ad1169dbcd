import { z } from 'zod';

/** The state that an instance issues for, as `sigillo.yaml` names it. */
export const issuingStateSchema = z.strictObject({
  /** countryName of all certificates: two letters of Doc 9303-3. */
  country: z.string().regex(/^[A-Z]{2}$/, 'must be two upper-case letters'),
  /** The issuer's code as in the MRZ, e.g. ITA or D (Doc 9303-12 §7.1.1.2). */
  mrzCode: z.string().regex(/^[A-Z]{1,3}$/, 'must be the code of the MRZ without filler'),
  organization: z.string().min(1).max(40),
  /** A URI where the CSCA can be reached: the contact of subjectAltName. */
  contact: z.string().regex(/^[a-z][a-z0-9+.-]*:\S+$/, 'must be a URI'),
  /** Base URI of the public distribution, without slash at its end: the CRL distribution point. */
  distribution: z.string().regex(/^(ldaps?|https?):\/\/\S+[^/]$/, 'must be an ldap, http or https URI'),
});
export type IssuingState = z.infer<typeof issuingStateSchema>;
