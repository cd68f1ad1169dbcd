import type { SignedData } from '../../../formats/cms/signed-data.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import { judge, type LintReport, unreadable } from '../report.ts';
import type { Rule, RuleDescription } from '../rule.ts';
import type { SignedDataContext } from './context.ts';
import { prepareSignedData, type SignedDataInputs } from './prepare.ts';

/** By what lists of a kind are judged. */
export interface ListLint<List, Context extends SignedDataContext> {
  readonly kind: Context['kind'];
  readonly decode: (file: Uint8Array) => List;
  /** The rule that `decode` judges by. */
  readonly read: RuleDescription;
  readonly rules: readonly Rule<Context>[];
  /** Adds what these rules need beside what all signed objects have. */
  readonly contextOf: (shared: SignedDataContext, list: List) => Context;
}

/**
 * Holds a signed list against its rules, by the 7th edition at the earliest: the 6th has none.
 *
 * @param input the file, or a list that was decoded before: tolerantly, or rules find nothing to complain of
 */
export function lintList<List extends { readonly signedData: SignedData }, Context extends SignedDataContext>(
  input: Uint8Array | List,
  options: SignedDataInputs,
  of: ListLint<List, Context>,
): LintReport {
  try {
    const list = input instanceof Uint8Array ? of.decode(input) : input;
    const { signedData } = list;
    const received = input instanceof Uint8Array ? input : undefined;
    const fileLength = signedData.bytes.length;
    const prepared = prepareSignedData(signedData, options, { received, fileLength });
    const edition = prepared.edition === 6 ? 7 : prepared.edition;
    const context = of.contextOf({ ...prepared, kind: of.kind, edition }, list);
    return judge(of.rules, context, options.leftOut);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return unreadable(of.kind, of.read, error.message);
  }
}
