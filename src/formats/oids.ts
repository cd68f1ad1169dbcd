/**
 * Object identifiers by the names that the standards give them.
 *
 * @see Doc 9303-10 §4.6.2, Doc 9303-12 §7.1, RFC 5280, RFC 5652, RFC 4055, RFC 5758, TR-03110-3
 */
export const oids = {
  // Doc 9303
  ldsSecurityObject: '2.23.136.1.1.1',
  cscaMasterList: '2.23.136.1.1.2',
  cscaMasterListSigningKey: '2.23.136.1.1.3',
  documentTypeListDraft: '2.23.136.1.1.4',
  nameChange: '2.23.136.1.1.6.1',
  documentTypeList: '2.23.136.1.1.6.2',
  deviationList: '2.23.136.1.1.7',
  deviationListSigningKey: '2.23.136.1.1.8',
  lds2TravelStampSigner: '2.23.136.1.1.9.8.1',
  lds2VisaSigner: '2.23.136.1.1.9.8.2',
  lds2BiometricsSigner: '2.23.136.1.1.9.8.3',
  spocClient: '2.23.136.1.1.10.1',
  spocServer: '2.23.136.1.1.10.2',
  vdsSigner: '2.23.136.1.1.11.1',
  dtcSigner: '2.23.136.1.1.12.1',
  vdsNcSigner: '2.23.136.1.1.14.2',
  // BSI TR-03110
  securityObject: '0.4.0.127.0.7.3.2.1',
  // CMS
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  extensionRequest: '1.2.840.113549.1.9.14',
  cmsAlgorithmProtection: '1.2.840.113549.1.9.52',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  // names
  commonName: '2.5.4.3',
  surname: '2.5.4.4',
  serialNumber: '2.5.4.5',
  countryName: '2.5.4.6',
  localityName: '2.5.4.7',
  stateOrProvinceName: '2.5.4.8',
  streetAddress: '2.5.4.9',
  organizationName: '2.5.4.10',
  organizationalUnitName: '2.5.4.11',
  title: '2.5.4.12',
  description: '2.5.4.13',
  postalCode: '2.5.4.17',
  givenName: '2.5.4.42',
  organizationIdentifier: '2.5.4.97',
  domainComponent: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
  // extensions
  subjectDirectoryAttributes: '2.5.29.9',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  privateKeyUsagePeriod: '2.5.29.16',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  cRLNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  holdInstructionCode: '2.5.29.23',
  invalidityDate: '2.5.29.24',
  deltaCRLIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  freshestCRL: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
  netscapeCertType: '2.16.840.1.113730.1.1',
  // extended key usages
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  // public keys
  rsaEncryption: '1.2.840.113549.1.1.1',
  idEcPublicKey: '1.2.840.10045.2.1',
  primeField: '1.2.840.10045.1.1',
  // signature algorithms
  sha1WithRsaEncryption: '1.2.840.113549.1.1.5',
  mgf1: '1.2.840.113549.1.1.8',
  rsassaPss: '1.2.840.113549.1.1.10',
  sha256WithRsaEncryption: '1.2.840.113549.1.1.11',
  sha384WithRsaEncryption: '1.2.840.113549.1.1.12',
  sha512WithRsaEncryption: '1.2.840.113549.1.1.13',
  sha224WithRsaEncryption: '1.2.840.113549.1.1.14',
  ecdsaWithSha1: '1.2.840.10045.4.1',
  ecdsaWithSha224: '1.2.840.10045.4.3.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  ed25519: '1.3.101.112',
  mlDsa44: '2.16.840.1.101.3.4.3.17',
} as const;

export type KnownOidName = keyof typeof oids;

const names = new Map<string, KnownOidName>(
  (Object.entries(oids) as [KnownOidName, string][]).map(([name, oid]) => [oid, name]),
);

/** The standard's name of `oid`, or undefined for an OID that this project has no name for. */
export function oidName(oid: string): KnownOidName | undefined {
  return names.get(oid);
}
