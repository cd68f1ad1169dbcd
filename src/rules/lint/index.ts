/** The rules of Doc 9303-10 and -12, as judgements on certificates, CRLs, lists and EF.SODs: pure functions. */
export { lintCertificate } from './certificate/lint-certificate.ts';
export type { CertificateLintOptions } from './certificate/lint-certificate.ts';
export type { IssuedRegister } from './certificate/context.ts';
export { certificateKinds } from './certificate/kind.ts';
export type { CertificateKind } from './certificate/kind.ts';
export { lintCrl } from './crl/lint-crl.ts';
export type { CrlLintOptions } from './crl/lint-crl.ts';
export { lintToBeSigned } from './to-be-signed.ts';
export { editions } from './edition.ts';
export type { Edition } from './edition.ts';
export { unknownFormat } from './report.ts';
export type { LintFinding, LintReport, LintVerdict } from './report.ts';
export type { RuleDescription } from './rule.ts';
export { applyWaivers, allRules } from './catalogue.ts';
export type { CatalogueEntry } from './catalogue.ts';
export type { WaivedReport, Waiver } from './waivers.ts';
