import { decodeMasterList, type MasterList } from '../../../formats/masterlist/master-list.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { LintReport } from '../report.ts';
import { lintList, type ListLint } from '../signed-data/lint-list.ts';
import type { SignedDataInputs } from '../signed-data/prepare.ts';
import type { MasterListContext } from './context.ts';
import { read } from './read.ts';
import { masterListRules } from './rules.ts';

export interface MasterListLintOptions extends SignedDataInputs {
  /** Every CSCA certificate of the publishing State, links too. */
  readonly own?: readonly Certificate[] | undefined;
}

/**
 * Holds a master list against the rules of Doc 9303-12. Its certificates are not judged: they are other States'.
 *
 * @param input the file, or a list that was decoded before: tolerantly, or rules find nothing to complain of
 */
export function lintMasterList(
  input: Uint8Array | MasterList,
  options: MasterListLintOptions = {},
): LintReport {
  const { own } = options;
  const masterLists: ListLint<MasterList, MasterListContext> = {
    kind: 'master-list',
    decode: (file) => decodeMasterList(file),
    read,
    rules: masterListRules,
    contextOf: (shared, masterList) => ({ ...shared, kind: 'master-list', masterList, own }),
  };
  return lintList(input, options, masterLists);
}
