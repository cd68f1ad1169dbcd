import { oids } from '../../../formats/oids.ts';
import type { SignedObject } from '../signed-data/context.ts';
import { listRules, sharedRules } from '../signed-data/shared-rules.ts';
import type { DeviationListRule } from './context.ts';
import { criteria } from './criteria.ts';
import { derContent } from './der-content.ts';
import { digest } from './digest.ts';
import { documentType } from './document-type.ts';
import { empty } from './empty.ts';
import { listVersion } from './list-version.ts';
import { parameter } from './parameter.ts';
import { period } from './period.ts';
import { setorderNumbers } from './setorder-numbers.ts';
import { type } from './type.ts';

const deviationList: SignedObject = {
  prefix: 'D',
  source: 'Doc 9303-12 §10.1',
  contentType: oids.deviationList,
  signer: 'Deviation List Signer',
  purpose: oids.deviationListSigningKey,
};

/** Every rule about deviation lists. */
export const deviationListRules: readonly DeviationListRule[] = [
  ...sharedRules(deviationList),
  ...listRules(deviationList),
  listVersion,
  derContent,
  setorderNumbers,
  empty,
  criteria,
  type,
  parameter,
  period,
  documentType,
  digest,
];
