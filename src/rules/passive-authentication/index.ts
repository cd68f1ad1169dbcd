/** What a border does with a document, a list, a certificate or a CRL: pure functions of bytes, trust and time. */
export { passiveAuthentication, passiveAuthenticationAsync } from './passive-authentication.ts';
export type { PassiveAuthenticationInput, PassiveAuthenticationReport } from './passive-authentication.ts';
export { verifyMasterList } from './master-list.ts';
export { verifyCertificate, verifyCrl } from './certificate.ts';
export { certificateKind } from './certificate-kind.ts';
export { buildTrustStore, TrustStore } from './trust-store.ts';
export type { Border } from './certificate-path.ts';
export type { DataGroups } from './document.ts';
export { holds } from './report.ts';
export type { Finding, Report, Verdict } from './report.ts';
export { findingKinds } from './finding-codes.ts';
export { isIssuedBy } from './country-codes.ts';
