import { oids } from '../../../formats/oids.ts';
import type { SignedObject } from '../signed-data/context.ts';
import { sharedRules } from '../signed-data/shared-rules.ts';
import { ccCountry } from './cc-country.ts';
import { ccMrz } from './cc-mrz.ts';
import { ccSan } from './cc-san.ts';
import type { SodRule } from './context.ts';
import { derContent } from './der-content.ts';
import { dg14Aa } from './dg14-aa.ts';
import { dg14Cardaccess } from './dg14-cardaccess.ts';
import { dg14Syntax } from './dg14-syntax.ts';
import { dg15Key } from './dg15-key.ts';
import { dgCom } from './dg-com.ts';
import { dgDelivered } from './dg-delivered.ts';
import { dgLength } from './dg-length.ts';
import { dgMandatory } from './dg-mandatory.ts';
import { dgOrder } from './dg-order.ts';
import { dgRange } from './dg-range.ts';
import { dgTwice } from './dg-twice.ts';
import { dscAlone } from './dsc-alone.ts';
import { dscEmbedded } from './dsc-embedded.ts';
import { dtl } from './dtl.ts';
import { hash } from './hash.ts';
import { hashKnown } from './hash-known.ts';
import { hashNull } from './hash-null.ts';
import { hashSame } from './hash-same.ts';
import { ldsSyntax } from './lds-syntax.ts';
import { ldsvCom } from './ldsv-com.ts';
import { ldsvForm } from './ldsv-form.ts';
import { ldsvInfo } from './ldsv-info.ts';
import { ldsvKnown } from './ldsv-known.ts';
import { ldsvV1 } from './ldsv-v1.ts';
import { rev } from './rev.ts';
import { sid } from './sid.ts';
import { sidIssuer } from './sid-issuer.ts';
import { tag77 } from './tag77.ts';
import { timeNow } from './time-now.ts';
import { val } from './val.ts';

const efSod: SignedObject = {
  prefix: 'S',
  source: 'Doc 9303-10 §4.6.2.2 Table 37',
  contentType: oids.ldsSecurityObject,
  signer: 'Document Signer',
  purpose: undefined,
};

/** Every rule about EF.SODs. */
export const sodRules: readonly SodRule[] = [
  tag77,
  ...sharedRules(efSod),
  sidIssuer,
  dscEmbedded,
  dscAlone,
  sid,
  timeNow,
  rev,
  derContent,
  ldsSyntax,
  ldsvKnown,
  ldsvV1,
  ldsvInfo,
  ldsvForm,
  ldsvCom,
  hashKnown,
  hashNull,
  hashSame,
  dgMandatory,
  dgRange,
  dgTwice,
  dgLength,
  dgOrder,
  dgCom,
  dgDelivered,
  hash,
  dtl,
  ccMrz,
  ccSan,
  ccCountry,
  val,
  dg14Syntax,
  dg14Cardaccess,
  dg14Aa,
  dg15Key,
];
