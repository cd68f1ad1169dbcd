import { decodeDeviationList, type DeviationList } from '../../../formats/deviationlist/deviation-list.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import { judge, type LintReport, unreadable } from '../report.ts';
import { prepareSignedData, type SignedDataInputs } from '../signed-data/prepare.ts';
import type { DeviationListContext } from './context.ts';
import { read } from './read.ts';
import { deviationListRules } from './rules.ts';

/**
 * Holds a deviation list against the rules of Doc 9303-12.
 *
 * @param input the file, or a list that was decoded before: tolerantly, or rules find nothing to complain of
 */
export function lintDeviationList(
  input: Uint8Array | DeviationList,
  options: SignedDataInputs = {},
): LintReport {
  try {
    const deviationList = input instanceof Uint8Array ? decodeDeviationList(input) : input;
    const { signedData } = deviationList;
    const received = input instanceof Uint8Array ? input : undefined;
    const prepared = prepareSignedData(signedData, options, {
      received,
      fileLength: signedData.bytes.length,
    });
    const edition = prepared.edition === 6 ? 7 : prepared.edition;
    const context: DeviationListContext = { ...prepared, kind: 'deviation-list', edition, deviationList };
    return judge(deviationListRules, context, options.leftOut);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return unreadable('deviation-list', read, error.message);
  }
}
