import type { Severity } from '../../formats/note.ts';

/**
 * What a finding does to the verdict. `crl` is undetermined where a policy requires a CRL, else a warning.
 */
export type Effect = 'unreadable' | 'invalid' | 'undetermined' | 'crl' | 'warning' | 'none';

interface FindingKind {
  readonly effect: Effect;
  /** The clause that asks for what was not found. */
  readonly source: string;
}

/**
 * Every finding of the rules by its code. Decoders add notes under codes of their own, which warn at most; all
 * codes are explained in docs/reader.md.
 *
 * @see Doc 9303-11 §5.1.1, Doc 9303-12 §6.1
 */
export const findingKinds = {
  // the file
  UNKNOWN_FORMAT: { effect: 'unreadable', source: 'Doc 9303-10 §4.6.2' },
  SOD_PARSE: { effect: 'unreadable', source: 'Doc 9303-10 §4.6.2' },
  CERT_PARSE: { effect: 'unreadable', source: 'RFC 5280 §4.1' },
  CRL_PARSE: { effect: 'unreadable', source: 'RFC 5280 §5.1' },
  MASTERLIST_PARSE: { effect: 'unreadable', source: 'Doc 9303-12 §9' },
  // EF.SOD
  SOD_CONTENT_TYPE: { effect: 'invalid', source: 'Doc 9303-10 Table 37' },
  SOD_PROFILE: { effect: 'warning', source: 'Doc 9303-10 Table 37' },
  LDS_PROFILE: { effect: 'invalid', source: 'Doc 9303-10 §4.6.2.3' },
  SOD_DIGEST: { effect: 'invalid', source: 'RFC 5652 §5.4' },
  SOD_SIGNATURE: { effect: 'invalid', source: 'RFC 5652 §5.6' },
  // the Document Signer
  DSC_NOT_FOUND: { effect: 'undetermined', source: 'RFC 5652 §5.3' },
  DSC_SID: { effect: 'warning', source: 'RFC 5652 §5.3' },
  DSC_PROFILE: { effect: 'warning', source: 'Doc 9303-12 Table 6' },
  DSC_USAGE: { effect: 'invalid', source: 'Doc 9303-12 Table 6' },
  DSC_SIGNATURE: { effect: 'invalid', source: 'Doc 9303-12 §6.1.2' },
  DSC_EXPIRED: { effect: 'warning', source: 'Doc 9303-12 §6.1.2' },
  DSC_NOT_YET_VALID: { effect: 'undetermined', source: 'Doc 9303-12 §6.1.2' },
  DSC_NOT_VALID_AT_ISSUE: { effect: 'warning', source: 'Doc 9303-12 §4.1.1' },
  DSC_REVOKED: { effect: 'invalid', source: 'Doc 9303-12 §6.1.3' },
  PKUP: { effect: 'warning', source: 'Doc 9303-12 §7.1.1.1' },
  // the CSCA
  CSCA_NOT_FOUND: { effect: 'undetermined', source: 'Doc 9303-12 §6.1.2' },
  CSCA_EXPIRED: { effect: 'warning', source: 'Doc 9303-12 §6.1.1' },
  CSCA_NAME: { effect: 'warning', source: 'Doc 9303-12 §6.1.2' },
  CSCA_REVOKED: { effect: 'invalid', source: 'Doc 9303-12 §4.1.5.1' },
  // revocation
  CRL_MISSING: { effect: 'crl', source: 'Doc 9303-12 §6.1.3' },
  CRL_SIGNATURE: { effect: 'crl', source: 'Doc 9303-12 §6.1.3' },
  CRL_STALE: { effect: 'crl', source: 'Doc 9303-12 §6.1.3' },
  CRL_PROFILE: { effect: 'warning', source: 'Doc 9303-12 Table 9' },
  // algorithms
  ALG_UNSUPPORTED: { effect: 'undetermined', source: 'Doc 9303-12 §4.1.6' },
  WEAK_ALG: { effect: 'warning', source: 'Doc 9303-12 §4.1.6' },
  // the document
  DG_HASH: { effect: 'invalid', source: 'Doc 9303-11 §5.1.1' },
  DG_PADDING: { effect: 'warning', source: 'Doc 9303-10 §4.6.2' },
  DG_NOT_SIGNED: { effect: 'invalid', source: 'Doc 9303-10 §4.5.2' },
  DG_NOT_CHECKED: { effect: 'none', source: 'Doc 9303-11 §5.1.1' },
  COM_SOD: { effect: 'warning', source: 'Doc 9303-10 §4.6.1' },
  MRZ_CD: { effect: 'warning', source: 'Doc 9303-3 §4.9' },
  DOCTYPE: { effect: 'warning', source: 'Doc 9303-12 §7.1.1.6' },
  COUNTRY: { effect: 'warning', source: 'Doc 9303-12 §7.1.1.2' },
  VALIDITY: { effect: 'warning', source: 'Doc 9303-12 §4.1.1' },
  SECINFO: { effect: 'warning', source: 'Doc 9303-11 §9.2' },
  // master lists
  MASTERLIST_CONTENT_TYPE: { effect: 'invalid', source: 'Doc 9303-12 Table 18' },
  MASTERLIST_PROFILE: { effect: 'warning', source: 'Doc 9303-12 Table 18' },
  MASTERLIST_DIGEST: { effect: 'invalid', source: 'RFC 5652 §5.4' },
  MASTERLIST_SIGNATURE: { effect: 'invalid', source: 'RFC 5652 §5.6' },
  MASTERLIST_CERTIFICATE: { effect: 'warning', source: 'Doc 9303-12 §9.2' },
  MLSC_NOT_FOUND: { effect: 'undetermined', source: 'RFC 5652 §5.3' },
  MLSC_SID: { effect: 'warning', source: 'RFC 5652 §5.3' },
  MLSC_PROFILE: { effect: 'warning', source: 'Doc 9303-12 Table 6' },
  MLSC_USAGE: { effect: 'invalid', source: 'Doc 9303-12 §7.1.1.3' },
  MLSC_SIGNATURE: { effect: 'invalid', source: 'Doc 9303-12 §6.1.2' },
  MLSC_EXPIRED: { effect: 'warning', source: 'Doc 9303-12 §6.1.2' },
  MLSC_NOT_YET_VALID: { effect: 'undetermined', source: 'Doc 9303-12 §6.1.2' },
  MLSC_NOT_VALID_AT_ISSUE: { effect: 'warning', source: 'Doc 9303-12 §4.1.1' },
  MLSC_REVOKED: { effect: 'invalid', source: 'Doc 9303-12 §6.1.3' },
  // certificates on their own
  CERT_SIGNATURE: { effect: 'invalid', source: 'Doc 9303-12 §6.1.2' },
  CERT_EXPIRED: { effect: 'warning', source: 'Doc 9303-12 §6.1.2' },
  CERT_NOT_YET_VALID: { effect: 'undetermined', source: 'Doc 9303-12 §6.1.2' },
  CERT_REVOKED: { effect: 'invalid', source: 'Doc 9303-12 §6.1.3' },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof findingKinds;

/** `error` for what makes the input invalid, undetermined or unreadable. */
export function severityOf(effect: Effect, requireCrl: boolean): Severity {
  switch (effect) {
    case 'unreadable':
    case 'invalid':
    case 'undetermined':
      return 'error';
    case 'crl':
      return requireCrl ? 'error' : 'warning';
    case 'warning':
      return 'warning';
    case 'none':
      return 'info';
  }
}
