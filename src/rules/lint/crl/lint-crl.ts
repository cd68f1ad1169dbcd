import { MalformedInput } from '../../../formats/malformed-input.ts';
import { type CertificateList, decodeCrl } from '../../../formats/x509/crl.ts';
import { type Edition, editionOf } from '../edition.ts';
import { judge, type LintReport, unreadable } from '../report.ts';
import type { CrlContext, CrlInputs } from './context.ts';
import { scanEntries } from './entries.ts';
import { readRawCrl } from './raw-crl.ts';
import { read } from './read.ts';
import { crlRules } from './rules.ts';

export interface CrlLintOptions extends CrlInputs {
  /** By default the one in force at thisUpdate. */
  readonly edition?: Edition | undefined;
  /** Ids of rules that the caller answers for, such as R-SIG where the signature was just verified. */
  readonly leftOut?: readonly string[] | undefined;
}

/**
 * Holds a CRL against the rules of Doc 9303-12.
 *
 * @param input the file, or a CRL that was decoded before: tolerantly, or rules find nothing to complain of
 */
export function lintCrl(input: Uint8Array | CertificateList, options: CrlLintOptions = {}): LintReport {
  if (!(input instanceof Uint8Array)) return lintDecodedCrl(input, options, { isSigned: true });
  try {
    return lintDecodedCrl(decodeCrl(input), options, { isSigned: true, received: input });
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return unreadable('crl', read, error.message);
  }
}

/** @param input.isSigned false for a TBSCertList in a CRL without signature */
export function lintDecodedCrl(
  crl: CertificateList,
  options: CrlLintOptions,
  input: { readonly isSigned: boolean; readonly received?: Uint8Array },
): LintReport {
  const raw = readRawCrl(crl.tbsBytes);
  const context: CrlContext = {
    ...options,
    kind: 'crl',
    edition: options.edition ?? editionOf(crl.thisUpdate),
    crl,
    raw,
    entries: scanEntries(raw.revokedCertificates, crl),
    signature: input.isSigned ? crl.signature : undefined,
    received: input.received,
  };
  return judge(crlRules, context, options.leftOut);
}
