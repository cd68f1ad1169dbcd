import { decodeCertificate } from '../../formats/x509/certificate.ts';
import {
  applyWaivers,
  type CertificateKind,
  certificateKinds,
  type CertificateLintOptions,
  lintToBeSigned,
} from '../../rules/lint/index.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { refuseUnlessClean } from '../issuance/assert-clean.ts';
import type { CertificateOrder, CrlOrder } from '../ports.ts';

/** What the lint calls a profile's kind; undefined for access certificates, which are no part of the eMRTD PKI. */
export function lintedKind(profile: CertificateProfile): CertificateKind | undefined {
  return certificateKinds.find((kind) => kind === profile.kind);
}

/** What an order and its profile tell the lint about a certificate. */
export function certificateLintOptions(
  profile: CertificateProfile,
  state: IssuingState,
  order: CertificateOrder,
): CertificateLintOptions {
  const { validity } = profile;
  return {
    kind: lintedKind(profile),
    edition: 8,
    issuer: order.issuer && decodeCertificate(order.issuer.certificate, { strict: true }),
    at: order.notBefore,
    mrzCode: state.mrzCode,
    longestSigned: validity === 'of-successor' ? undefined : validity.longestSigned,
    longestUsage: validity === 'of-successor' ? undefined : validity.privateKeyUsage,
  };
}

/** @throws Refused `policy` when the to-be-signed certificate breaks a rule that policy does not waive */
export function lintCertificateOrder(
  tbs: Uint8Array,
  profile: CertificateProfile,
  context: { readonly policies: Policies; readonly state: IssuingState },
  order: CertificateOrder,
): void {
  if (lintedKind(profile) === undefined) return;
  const report = lintToBeSigned(tbs, certificateLintOptions(profile, context.state, order));
  const { waivers } = context.policies;
  refuseUnlessClean(applyWaivers(report, waivers, order.notBefore), `the ${profile.profile} certificate`);
}

/** @throws Refused `policy` when the to-be-signed CRL breaks a rule that policy does not waive */
export function lintCrlOrder(tbs: Uint8Array, policies: Policies, order: CrlOrder): void {
  const issuer = decodeCertificate(order.issuer.certificate, { strict: true });
  const report = lintToBeSigned(tbs, { issuer, newest: issuer, edition: 8 });
  refuseUnlessClean(applyWaivers(report, policies.waivers, order.thisUpdate), 'the CRL');
}
