import { z } from 'zod';
import { keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { type KeyUsageBit, keyUsageBits } from '../../formats/x509/encode-extensions.ts';
import { parsePolicyFile, periodSchema, type PolicySource } from './policy-file.ts';
import { checkAgainstTable6 } from './table-6.ts';

/** The columns of Doc 9303-12 Table 6 that Sigillo issues, and the access certificates of its own TLS. */
const certificateKinds = ['csca', 'document-signer', 'master-list-signer', 'access-ca', 'access'] as const;
export type CertificateKind = (typeof certificateKinds)[number];

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
const purpose = z.enum(['cscaMasterListSigningKey', 'deviationListSigningKey', 'serverAuth', 'clientAuth']);
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
    .strictObject({ critical, cA: z.literal(true), pathLenConstraint: z.literal(0) })
    .optional(),
  extKeyUsage: z.strictObject({ critical, purposes: z.array(purpose).min(1) }).optional(),
  cRLDistributionPoints: z.strictObject({ critical, uris: z.array(uri).min(1) }).optional(),
  documentTypeList: z.strictObject({ critical, types: z.array(documentType).min(1) }).optional(),
});

const subjectAttribute = z
  .partialRecord(
    z.enum(['countryName', 'organizationName', 'organizationalUnitName', 'commonName', 'serialNumber']),
    z.string().min(1),
  )
  .refine((entry) => Object.keys(entry).length === 1, 'must have exactly one attribute per list item');

const certificateProfileSchema = z.strictObject({
  profile: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be a name in lower case with hyphens'),
  kind: z.enum(certificateKinds),
  standard: z.string().min(1),
  issuer: z.enum(['self', 'csca', 'access-ca']),
  /** Relative distinguished names in their order; `{country}` and the like are filled in by the instance. */
  subject: z.array(subjectAttribute).min(2),
  keys: z.strictObject({
    allowed: z.array(algorithm).min(1),
    ecParameters: z.enum(['explicit', 'named']),
  }),
  validity: z.strictObject({ certificate: periodSchema, privateKeyUsage: periodSchema.optional() }),
  serialNumber: z.strictObject({ randomOctets: z.int().min(8).max(19) }),
  extensions,
});

export type CertificateProfile = z.infer<typeof certificateProfileSchema>;

/**
 * Loads one certificate profile.
 *
 * @throws MalformedInput naming file, line and key when it does not fit the schema, contradicts itself or
 * departs from Doc 9303-12 Table 6
 */
export function parseCertificateProfile(source: PolicySource): CertificateProfile {
  const profile = parsePolicyFile(certificateProfileSchema, source);
  checkAgainstTable6(profile, source.file);
  return profile;
}
