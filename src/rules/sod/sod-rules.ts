import type { DigestName } from '../../formats/algorithms/digests.ts';
import type { SodPolicy } from '../profile/policies.ts';

/** The LDS of the chip (Doc 9303-10 §4.6.2.3): 1.7 gives LDSSecurityObject v0, 1.8 gives v1. */
export type LdsVersion =
  | { readonly version: '1.7' }
  | {
      readonly version: '1.8';
      /** `aabbcc`, e.g. 040000. */
      readonly unicodeVersion: string;
    };

/** Undefined where the LDS has no place for it. */
export function unicodeVersionOf(lds: LdsVersion): string | undefined {
  return lds.version === '1.8' ? lds.unicodeVersion : undefined;
}

/** What of an order the rules look at. */
export interface SodContent {
  readonly documentType: string;
  readonly digestAlgorithm: DigestName;
  readonly lds: LdsVersion;
  readonly dataGroupNumbers: readonly number[];
}

/** A rule that an order breaks, in words for the station. */
export interface Violation {
  readonly rule: string;
  readonly source: string;
  readonly field: string;
  readonly detail: string;
  readonly mend: string;
}

type SodRule = (content: SodContent, policy: SodPolicy) => Violation | undefined;

const digestAllowed: SodRule = ({ digestAlgorithm }, policy) =>
  policy.digestAlgorithms.some((allowed) => allowed === digestAlgorithm)
    ? undefined
    : {
        rule: digestAlgorithm === 'SHA-1' ? 'S-SHA1' : 'S-DIGEST',
        source: 'Doc 9303-12 §4.1.6.4',
        field: 'digestAlgorithm',
        detail: `${digestAlgorithm} is not allowed`,
        mend: `hash the data groups with ${policy.digestAlgorithms.join(', ')}`,
      };

const enoughDataGroups: SodRule = ({ dataGroupNumbers }) =>
  dataGroupNumbers.length >= 2
    ? undefined
    : {
        rule: 'S-DG',
        source: 'Doc 9303-10 §4.6.2.3',
        field: 'dataGroupHashes',
        detail: `${dataGroupNumbers.length} data group given, EF.SOD needs 2 to 16`,
        mend: 'send the digest of every data group on the chip',
      };

const requiredDataGroups: SodRule = ({ dataGroupNumbers }, policy) => {
  const missing = policy.requiredDataGroups.filter((number) => !dataGroupNumbers.includes(number));
  if (missing.length === 0) return undefined;
  return {
    rule: 'S-DG',
    source: 'Doc 9303-10 §4.5.2',
    field: `dataGroupHashes.${missing[0]}`,
    detail: `data group ${missing.join(' and ')} is missing`,
    mend: 'DG1 (MRZ) and DG2 (face) are mandatory on every chip: send their digests',
  };
};

const ldsVersionAllowed: SodRule = ({ lds }, policy) => {
  const field = policy.ldsVersions.includes(lds.version)
    ? lds.version === '1.7' || policy.unicodeVersions.includes(lds.unicodeVersion)
      ? undefined
      : 'lds.unicode'
    : 'lds.version';
  if (field === undefined) return undefined;
  const allowed = field === 'lds.version' ? policy.ldsVersions : policy.unicodeVersions;
  return {
    rule: 'S-LDSV',
    source: 'Doc 9303-10 §4.6.2.3',
    field,
    detail: 'this version is not allowed',
    mend: `use ${allowed.join(' or ')}, the same as in EF.COM`,
  };
};

const rules: readonly SodRule[] = [digestAllowed, enoughDataGroups, requiredDataGroups, ldsVersionAllowed];

/** The first rule that `content` breaks, or undefined. Run before the order is accepted and before the key is used. */
export function sodViolation(content: SodContent, policy: SodPolicy): Violation | undefined {
  for (const rule of rules) {
    const violation = rule(content, policy);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/**
 * Whether a documentTypeList entry covers a document code: the same two letters, or an entry of one letter
 * and a code that starts with it (Doc 9303-12 §7.1.1.6).
 */
export function coversDocumentType(documentTypeList: readonly string[], documentType: string): boolean {
  return documentTypeList.some((entry) =>
    entry.length === 1 ? documentType.startsWith(entry) : documentType === entry,
  );
}
