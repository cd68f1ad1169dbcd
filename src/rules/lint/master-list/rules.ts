import { oids } from '../../../formats/oids.ts';
import { listRules, sharedRules } from '../signed-data/shared-rules.ts';
import type { SignedObject } from '../signed-data/context.ts';
import type { MasterListRule } from './context.ts';
import { cscaInList } from './csca-in-list.ts';
import { derContent } from './der-content.ts';
import { dup } from './dup.ts';
import { listVersion } from './list-version.ts';
import { onlyCa } from './only-ca.ts';
import { readable } from './readable.ts';
import { self } from './self.ts';
import { setorderCertlist } from './setorder-certlist.ts';

const masterList: SignedObject = {
  prefix: 'M',
  source: 'Doc 9303-12 §9.1 Table 18',
  contentType: oids.cscaMasterList,
  signer: 'Master List Signer',
  purpose: oids.cscaMasterListSigningKey,
};

/** Every rule about master lists. */
export const masterListRules: readonly MasterListRule[] = [
  ...sharedRules(masterList),
  ...listRules(masterList),
  listVersion,
  derContent,
  setorderCertlist,
  cscaInList,
  onlyCa,
  dup,
  readable,
  self,
];
