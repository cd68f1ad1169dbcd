import { readElement } from '../../formats/der/reader.ts';
import { tags } from '../../formats/der/tags.ts';
import { bitString, sequence } from '../../formats/der/writer.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { Tolerances } from '../../formats/note.ts';
import { recognise } from '../../formats/recognise.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { decodeCrl } from '../../formats/x509/crl.ts';
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
  try {
    const unsigned = withoutSignature(tbs);
    return recognise(unsigned) === 'crl'
      ? lintDecodedCrl(decodeCrl(unsigned), withEdition, { isSigned: false })
      : lintDecoded(decodeCertificate(unsigned), withEdition, { isSigned: false });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return isTbsCertList(tbs)
      ? unreadable('crl', readCrl, error.message)
      : unreadable(options.kind ?? 'certificate', readCertificate, error.message);
  }
}

function isTbsCertList(tbs: Uint8Array): boolean {
  return recognise(sequence(tbs)) === 'crl';
}

/** In both structures the first SEQUENCE is the AlgorithmIdentifier. @throws MalformedInput */
function withoutSignature(tbs: Uint8Array): Uint8Array {
  const element = readElement(tbs, 'to be signed', new Tolerances());
  const algorithm = element.children('component').find(({ tag }) => tag === tags.sequence);
  if (algorithm === undefined) throw element.fault('has no signature algorithm', 'RFC 5280 §4.1.2.3');
  return sequence(tbs, algorithm.bytes, bitString(new Uint8Array()));
}
