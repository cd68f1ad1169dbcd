import { decodeDeviationList, type DeviationList } from '../../../formats/deviationlist/deviation-list.ts';
import type { LintReport } from '../report.ts';
import { lintList, type ListLint } from '../signed-data/lint-list.ts';
import type { SignedDataInputs } from '../signed-data/prepare.ts';
import type { DeviationListContext } from './context.ts';
import { read } from './read.ts';
import { deviationListRules } from './rules.ts';

const deviationLists: ListLint<DeviationList, DeviationListContext> = {
  kind: 'deviation-list',
  decode: (file) => decodeDeviationList(file),
  read,
  rules: deviationListRules,
  contextOf: (shared, deviationList) => ({ ...shared, kind: 'deviation-list', deviationList }),
};

/**
 * Holds a deviation list against the rules of Doc 9303-12.
 *
 * @param input the file, or a list that was decoded before: tolerantly, or rules find nothing to complain of
 */
export function lintDeviationList(
  input: Uint8Array | DeviationList,
  options: SignedDataInputs = {},
): LintReport {
  return lintList(input, options, deviationLists);
}
