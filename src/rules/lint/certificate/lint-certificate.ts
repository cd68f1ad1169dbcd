import { MalformedInput } from '../../../formats/malformed-input.ts';
import { type Certificate, decodeCertificate } from '../../../formats/x509/certificate.ts';
import { certificateKind } from '../../passive-authentication/index.ts';
import { type Edition, editionOf } from '../edition.ts';
import { judge, type LintReport, unreadable } from '../report.ts';
import type { CertificateContext, CertificateInputs } from './context.ts';
import { type CertificateKind, isOfEdition, kindOf } from './kind.ts';
import { readRawCertificate } from './raw-certificate.ts';
import { read } from './read.ts';
import { certificateRules } from './rules.ts';

export interface CertificateLintOptions extends CertificateInputs {
  /** What the certificate is to be; by default what it says itself. */
  readonly kind?: CertificateKind | undefined;
  /** By default the one in force at notBefore. */
  readonly edition?: Edition | undefined;
  /** Ids of rules that the caller answers for, such as C-SIG where the signature was just verified. */
  readonly leftOut?: readonly string[] | undefined;
}

/**
 * Holds a certificate against the rules of Doc 9303-12 for its kind and edition.
 *
 * @param input the file, or a certificate that was decoded before: tolerantly, or rules find nothing to complain of
 */
export function lintCertificate(
  input: Uint8Array | Certificate,
  options: CertificateLintOptions = {},
): LintReport {
  if (!(input instanceof Uint8Array)) return lintDecoded(input, options, { isSigned: true });
  try {
    return lintDecoded(decodeCertificate(input), options, { isSigned: true, received: input });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return unreadable(options.kind ?? 'certificate', read, error.message);
  }
}

/** @param input.isSigned false for a TBSCertificate in a certificate without signature */
export function lintDecoded(
  certificate: Certificate,
  options: CertificateLintOptions,
  input: { readonly isSigned: boolean; readonly received?: Uint8Array },
): LintReport {
  const isSelfSigned = (): boolean => !input.isSigned || certificateKind(certificate) === 'CSCA root';
  const kind = options.kind ?? kindOf(certificate, isSelfSigned);
  const edition = options.edition ?? editionOf(certificate.notBefore);
  const context: CertificateContext = {
    ...options,
    kind,
    edition: isOfEdition(kind, edition) ? edition : 7,
    certificate,
    raw: readRawCertificate(certificate.tbsBytes),
    issuer: kind === 'csca' ? certificate : options.issuer,
    signature: input.isSigned ? certificate.signature : undefined,
    received: input.received,
  };
  return judge(certificateRules, context, options.leftOut);
}
