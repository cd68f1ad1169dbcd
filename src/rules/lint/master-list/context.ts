import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { MasterList } from '../../../formats/masterlist/master-list.ts';
import type { Rule } from '../rule.ts';
import type { SignedDataContext } from '../signed-data/context.ts';

export interface MasterListContext extends SignedDataContext {
  readonly kind: 'master-list';
  readonly masterList: MasterList;
  /** Every CSCA certificate of the publishing State, links too. */
  readonly own: readonly Certificate[] | undefined;
}

export type MasterListRule = Rule<MasterListContext>;
