import { z } from 'zod';
import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { type KeyUsageBit, keyUsageBits } from '../../formats/x509/encode-extensions.ts';
import { certificateKinds } from '../lint/index.ts';
import { type Clauses, parsePolicyFileWithLines, periodSchema, type PolicySource } from './policy-file.ts';
import { checkAgainstStandard } from './standard-tables.ts';

/** What is certified: under a CSCA, and the access certificates of our own TLS. */
const profileKinds = [...certificateKinds, 'access-ca', 'access'] as const;
export type ProfileKind = (typeof profileKinds)[number];

const critical = z.boolean();
const algorithm = z
  .string()
  .refine((name) => keyAlgorithms.has(name), 'is not a key algorithm that Sigillo can issue under');
const uri = z
  .string()
  .regex(/^(\{distribution\}|(ldaps?|https?):\/\/)\S+$/, 'must be an ldap, http or https URI');
const bits = z.enum(Object.keys(keyUsageBits) as [KeyUsageBit, ...KeyUsageBit[]]);
const contact = z.strictObject({
  kind: z.enum(['rfc822Name', 'dNSName', 'uniformResourceIdentifier']),
  value: z.string().min(1),
});
const purpose = z.enum([
  'cscaMasterListSigningKey',
  'deviationListSigningKey',
  'lds2TravelStampSigner',
  'lds2VisaSigner',
  'lds2BiometricsSigner',
  'spocClient',
  'spocServer',
  'vdsSigner',
  'vdsNcSigner',
  'dtcSigner',
  'serverAuth',
  'clientAuth',
]);
const randomOctets = z
  .int()
  .min(8, 'must be at least 8, so that no two are alike: 64 random bits')
  .max(19, 'must be at most 19: 20 octets with the sign (Doc 9303-12 Table 5, RFC 5280 §4.1.2.2)');
const documentType = z.string().regex(/^[A-Z]{1,2}$/, 'must be one or two letters, without filler');

/** Every extension that a profile can ask for; those it does not name are not issued. */
const extensions = z.strictObject({
  authorityKeyIdentifier: z.strictObject({ critical }).optional(),
  subjectKeyIdentifier: z.strictObject({ critical }).optional(),
  keyUsage: z.strictObject({ critical, bits: z.array(bits).min(1) }).optional(),
  privateKeyUsagePeriod: z.strictObject({ critical }).optional(),
  subjectAltName: z
    .strictObject({ critical, countryCode: z.boolean(), contacts: z.array(contact), hosts: z.boolean() })
    .optional(),
  issuerAltName: z.strictObject({ critical, from: z.literal('issuer') }).optional(),
  basicConstraints: z
    .strictObject({
      critical,
      cA: z.literal(
        true,
        'must be true (Doc 9303-12 Table 6): leave basicConstraints out of other certificates',
      ),
      pathLenConstraint: z.literal(0, 'must be 0 (Doc 9303-12 Table 6)'),
    })
    .optional(),
  extKeyUsage: z.strictObject({ critical, purposes: z.array(purpose).min(1) }).optional(),
  cRLDistributionPoints: z.strictObject({ critical, uris: z.array(uri).min(1) }).optional(),
  documentTypeList: z.strictObject({ critical, types: z.array(documentType).min(1) }).optional(),
  /** In a link certificate whose subject is not its issuer, and in no other (Doc 9303-12 §7.1.1.5). */
  nameChange: z.strictObject({ critical, when: z.literal('subject-differs') }).optional(),
});

const subjectAttribute = z
  .partialRecord(
    z.enum(['countryName', 'organizationName', 'organizationalUnitName', 'commonName', 'serialNumber']),
    z.string().min(1),
  )
  .refine((entry) => Object.keys(entry).length === 1, 'must have exactly one attribute per list item');

const certificateProfileSchema = z.strictObject({
  profile: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be a name in lower case with hyphens'),
  kind: z.enum(profileKinds),
  standard: z.string().min(1),
  issuer: z.enum(['self', 'csca', 'access-ca']),
  /** Relative distinguished names in their order; `{country}` and the like are filled in by the instance. */
  subject: z.union([z.literal('of-successor'), z.array(subjectAttribute).min(2)]),
  keys: z.strictObject({
    allowed: z.array(algorithm).min(1),
    ecParameters: z.enum(['explicit', 'named']),
  }),
  validity: z.union([
    z.literal('of-successor'),
    z.strictObject({
      certificate: periodSchema,
      privateKeyUsage: periodSchema.optional(),
      /** The longest validity of what is signed: documents, or for a CSCA certificates. */
      longestSigned: periodSchema.optional(),
    }),
  ]),
  /** `certificateReference`: below 2^20, because five hexadecimal digits of a seal's header name it. */
  serialNumber: z.union([
    z.strictObject({ randomOctets }),
    z.strictObject({ certificateReference: z.literal('five-hex-digits') }),
  ]),
  extensions,
  /** How a key on the token comes to its end and the next one takes over. */
  rotation: z
    .strictObject({
      /** Signatures that a key may ever make; `usageLimitOf` says what it is where it is left out. */
      usageLimit: z.int().min(1).max(1_000_000_000).optional(),
      /** The next key is made and published this long before the usage period of this one ends. */
      prepareBefore: periodSchema,
      /** A retired key is destroyed on the token after this. */
      destroyAfter: periodSchema,
      /** CSCA only: receiving States are told this long before a new key comes (at least 90 days). */
      notice: periodSchema.optional(),
      /** CSCA only: a new key signs nothing for this long. */
      rest: periodSchema.optional(),
    })
    .optional(),
});

const clauses: Clauses = {
  '': 'docs/policies.md',
  subject: 'Doc 9303-12 Table 5',
  'keys.allowed': 'Doc 9303-12 §4.1.6; digests: §4.1.6.4',
  validity: 'Doc 9303-12 §4.1.1 and Table 1',
  serialNumber: 'Doc 9303-12 Table 5',
  extensions: 'Doc 9303-12 §7.1 Table 6',
  'extensions.subjectAltName': 'Doc 9303-12 §7.1.1.2',
  'extensions.issuerAltName': 'Doc 9303-12 §7.1.1.2',
  'extensions.cRLDistributionPoints': 'Doc 9303-12 §7.1.1.4',
  'extensions.nameChange': 'Doc 9303-12 §7.1.1.5',
  'extensions.documentTypeList': 'Doc 9303-12 §7.1.1.6',
};

export type CertificateProfile = z.infer<typeof certificateProfileSchema>;

/** Kinds that sign one thing for each document. Not bar-code signers: they have at most five keys a year. */
const limitedByDefault: readonly ProfileKind[] = ['document-signer', 'lds2-signer', 'dtc-signer'];
const defaultUsageLimit = 100_000;

/** Signatures that a key of the profile may ever make; undefined for no limit. */
export function usageLimitOf({ kind, rotation }: CertificateProfile): number | undefined {
  return rotation?.usageLimit ?? (limitedByDefault.includes(kind) ? defaultUsageLimit : undefined);
}

/**
 * Loads one certificate profile.
 *
 * @throws MalformedInput naming file, line and key when it does not fit the schema, contradicts itself or
 * departs from Doc 9303-12 Tables 6 to 8
 */
export function parseCertificateProfile(source: PolicySource): CertificateProfile {
  const { value: profile, at } = parsePolicyFileWithLines(certificateProfileSchema, source, clauses);
  checkAgainstStandard(profile, at);
  return profile;
}
