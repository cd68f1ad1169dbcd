import type { DeviationList } from '../../../formats/deviationlist/deviation-list.ts';
import type { Rule } from '../rule.ts';
import type { SignedDataContext } from '../signed-data/context.ts';

export interface DeviationListContext extends SignedDataContext {
  readonly kind: 'deviation-list';
  readonly deviationList: DeviationList;
}

export type DeviationListRule = Rule<DeviationListContext>;
