import { MalformedInput } from '../../formats/malformed-input.ts';
import { recogniseToBeSigned } from '../../formats/recognise.ts';
import { decodeUnsignedCertificate } from '../../formats/x509/certificate.ts';
import { decodeUnsignedCrl } from '../../formats/x509/crl.ts';
import { type CertificateLintOptions, lintDecoded } from './certificate/lint-certificate.ts';
import { read as readCertificate } from './certificate/read.ts';
import { type CrlLintOptions, lintDecodedCrl } from './crl/lint-crl.ts';
import { read as readCrl } from './crl/read.ts';
import { type LintReport, unreadable } from './report.ts';

/**
 * Holds a TBSCertificate or TBSCertList against the rules before it is signed. Rules about the signature are left
 * unjudged; the edition is the newest unless another is asked for, whatever the dates.
 */
export function lintToBeSigned(
  tbs: Uint8Array,
  options: CertificateLintOptions & CrlLintOptions = {},
): LintReport {
  const withEdition = { ...options, edition: options.edition ?? 8 };
  const isCrl = recogniseToBeSigned(tbs) === 'crl';
  try {
    return isCrl
      ? lintDecodedCrl(decodeUnsignedCrl(tbs), withEdition, { isSigned: false })
      : lintDecoded(decodeUnsignedCertificate(tbs), withEdition, { isSigned: false });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return isCrl
      ? unreadable('crl', readCrl, error.message)
      : unreadable(options.kind ?? 'certificate', readCertificate, error.message);
  }
}
