import { MalformedInput } from '../../../formats/malformed-input.ts';
import { decodeMasterList, type MasterList } from '../../../formats/masterlist/master-list.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import { judge, type LintReport, unreadable } from '../report.ts';
import { prepareSignedData, type SignedDataInputs } from '../signed-data/prepare.ts';
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
  try {
    const masterList = input instanceof Uint8Array ? decodeMasterList(input) : input;
    const { signedData } = masterList;
    const received = input instanceof Uint8Array ? input : undefined;
    const prepared = prepareSignedData(signedData, options, {
      received,
      fileLength: signedData.bytes.length,
    });
    const edition = prepared.edition === 6 ? 7 : prepared.edition;
    const context: MasterListContext = {
      ...prepared,
      kind: 'master-list',
      edition,
      masterList,
      own: options.own,
    };
    return judge(masterListRules, context, options.leftOut);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return unreadable('master-list', read, error.message);
  }
}
