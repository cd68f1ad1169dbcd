import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import { type CertificateKind, certificateKind } from './certificate-kind.ts';
import {
  type Border,
  day,
  examineAlgorithms,
  examinePath,
  examineRevocation,
  examineValidity,
} from './certificate-path.ts';
import { Examination, type Report } from './report.ts';
import type { TrustAnchor } from './trust-store.ts';

export interface CertificateReport extends Report {
  readonly kind: 'certificate';
  readonly certificate: Certificate | undefined;
  readonly certificateKind: CertificateKind | undefined;
  readonly csca: TrustAnchor | undefined;
}

/** Whether a certificate is a trusted CSCA certificate or was issued under one (Doc 9303-12 §6.1.2). */
export function verifyCertificate(
  input: Border & { readonly certificate: Uint8Array; readonly requireCrl?: boolean | undefined },
): CertificateReport {
  const examination = new Examination(input);
  const certificate = examination.step('read the certificate', () => {
    return orFind(examination, 'CERT_PARSE', () => decodeCertificate(input.certificate, input));
  });
  if (certificate === undefined) {
    return { ...examination.report('certificate'), certificate, certificateKind: undefined, csca: undefined };
  }
  examination.note('certificate', certificate.notes);
  const kind = certificateKind(certificate);
  const own = input.trust.find(certificate.fingerprint);
  const csca = examination.step('path to the CSCA', () => {
    if (own !== undefined) return own;
    if (kind !== 'CSCA root') return examinePath(examination, 'CERT', certificate, input);
    examination.find(
      'CSCA_NOT_FOUND',
      `${certificate.subject.display} is self-signed and not among the trusted`,
    );
    return undefined;
  });
  examination.step('validity', () => {
    examineValidity(examination, 'CERT', certificate, { at: input.at, signedAt: undefined });
  });
  if (csca === undefined) examination.skip('revocation');
  else {
    examination.step('revocation', () => examineRevocation(examination, 'CERT', certificate, csca, input));
  }
  examination.step('algorithms', () => examineAlgorithms(examination, 'CERT', certificate, csca));
  return { ...examination.report('certificate'), certificate, certificateKind: kind, csca };
}

export interface CrlReport extends Report {
  readonly kind: 'crl';
  readonly crl: CertificateList | undefined;
  readonly csca: TrustAnchor | undefined;
}

/** Whether a CRL is signed by a trusted CSCA and fresh (Doc 9303-12 §6.1.3, Tables 9 and 10). */
export function verifyCrl(
  input: Omit<Border, 'crls'> & { readonly crl: Uint8Array; readonly requireCrl?: boolean | undefined },
): CrlReport {
  const examination = new Examination(input);
  const crl = examination.step('read the CRL', () => {
    return orFind(examination, 'CRL_PARSE', () => decodeCrl(input.crl, input));
  });
  if (crl === undefined) return { ...examination.report('crl'), crl, csca: undefined };
  examination.note('CRL', crl.notes);
  examination.step('profile of the CRL', () => examineCrlProfile(examination, crl));
  const csca = examination.step('signature of the CRL', () => examineCrlSignature(examination, crl, input));
  examination.step('validity', () => {
    if (crl.nextUpdate !== undefined && crl.nextUpdate < input.at) {
      examination.find('CRL_STALE', `the next CRL was due on ${day(crl.nextUpdate)}`);
    }
    if (crl.thisUpdate > input.at) examination.find('CRL_STALE', `it is of ${day(crl.thisUpdate)}`);
  });
  return { ...examination.report('crl'), crl, csca };
}

function examineCrlProfile(examination: Examination, crl: CertificateList): void {
  if (crl.nextUpdate === undefined) examination.find('CRL_PROFILE', 'there is no nextUpdate');
  if (crl.crlNumber === undefined) examination.find('CRL_PROFILE', 'there is no cRLNumber');
  if (crl.authorityKeyIdentifier?.keyIdentifier === undefined) {
    examination.find('CRL_PROFILE', 'there is no authorityKeyIdentifier');
  }
}

function examineCrlSignature(
  examination: Examination,
  crl: CertificateList,
  input: Omit<Border, 'crls'>,
): TrustAnchor | undefined {
  const csca = input.trust.issuerOfCrl(crl, input);
  if (csca !== undefined) return csca;
  const { anchors, isKeyKnown } = input.trust.candidates(crl);
  if (crl.signatureAlgorithm.kind === 'unsupported') {
    examination.find('ALG_UNSUPPORTED', crl.signatureAlgorithm.reason);
  } else if (isKeyKnown) {
    const detail = `the signature does not hold under the key of ${crl.issuer.display}`;
    examination.find('CRL_SIGNATURE', detail, 'invalid');
  } else {
    const keys = anchors.length;
    const detail = `no trusted CSCA key signed it: ${crl.issuer.display} (${keys} keys of this country known)`;
    examination.find('CSCA_NOT_FOUND', detail);
  }
  return undefined;
}

function orFind<Value>(
  examination: Examination,
  code: 'CERT_PARSE' | 'CRL_PARSE',
  decode: () => Value,
): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find(code, error.message);
    return undefined;
  }
}
