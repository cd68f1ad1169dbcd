import type { CrlRule } from './context.ts';
import { fortyEightHours } from './48h.ts';
import { ninetyDays } from './90d.ts';
import { akiCritical } from './aki-critical.ts';
import { akiKeyid } from './aki-keyid.ts';
import { akiMatch } from './aki-match.ts';
import { akiPresent } from './aki-present.ts';
import { algCurveDigest } from './alg-curve-digest.ts';
import { algDigest } from './alg-digest.ts';
import { algEcdsaAbsent } from './alg-ecdsa-absent.ts';
import { algFitsKey } from './alg-fits-key.ts';
import { algKnown } from './alg-known.ts';
import { algPssComplete } from './alg-pss-complete.ts';
import { algPssMask } from './alg-pss-mask.ts';
import { algPssSalt } from './alg-pss-salt.ts';
import { algPssTrailer } from './alg-pss-trailer.ts';
import { algRsaNull } from './alg-rsa-null.ts';
import { algSame } from './alg-same.ts';
import { algSha1 } from './alg-sha1.ts';
import { algSha224 } from './alg-sha224.ts';
import { delta } from './delta.ts';
import { derExtensions } from './der-extensions.ts';
import { derTrailing } from './der-trailing.ts';
import { der } from './der.ts';
import { dup } from './dup.ts';
import { empty } from './empty.ts';
import { entryextHold } from './entryext-hold.ts';
import { entryextInvalidity } from './entryext-invalidity.ts';
import { entryextIssuer } from './entryext-issuer.ts';
import { entryextOther } from './entryext-other.ts';
import { entryextReason } from './entryext-reason.ts';
import { extDefault } from './ext-default.ts';
import { extPresent } from './ext-present.ts';
import { extPrivateCritical } from './ext-private-critical.ts';
import { extSyntax } from './ext-syntax.ts';
import { extTwice } from './ext-twice.ts';
import { freshest } from './freshest.ts';
import { ianCritical } from './ian-critical.ts';
import { ianNames } from './ian-names.ts';
import { idp } from './idp.ts';
import { issCharacters } from './iss-characters.ts';
import { issCn } from './iss-cn.ts';
import { issCountryCase } from './iss-country-case.ts';
import { issCountryLetters } from './iss-country-letters.ts';
import { issCountryType } from './iss-country-type.ts';
import { issCountry } from './iss-country.ts';
import { issEmpty } from './iss-empty.ts';
import { issMatch } from './iss-match.ts';
import { issOctets } from './iss-octets.ts';
import { issSerialType } from './iss-serial-type.ts';
import { issStringType } from './iss-string-type.ts';
import { keep } from './keep.ts';
import { key } from './key.ts';
import { numCritical } from './num-critical.ts';
import { numLength } from './num-length.ts';
import { numMinimal } from './num-minimal.ts';
import { numNegative } from './num-negative.ts';
import { numPresent } from './num-present.ts';
import { numRising } from './num-rising.ts';
import { nup } from './nup.ts';
import { revdateForm } from './revdate-form.ts';
import { revdate } from './revdate.ts';
import { sigDigestinfo } from './sig-digestinfo.ts';
import { sigValue } from './sig-value.ts';
import { sig } from './sig.ts';
import { timeChoice } from './time-choice.ts';
import { timeGeneralizedtime } from './time-generalizedtime.ts';
import { timeOrder } from './time-order.ts';
import { timeUtctime } from './time-utctime.ts';
import { ver } from './ver.ts';

/** Every rule about CRLs, in the order of their fields. */
export const crlRules: readonly CrlRule[] = [
  der,
  derExtensions,
  derTrailing,
  ver,
  algCurveDigest,
  algDigest,
  algEcdsaAbsent,
  algFitsKey,
  algKnown,
  algPssComplete,
  algPssMask,
  algPssSalt,
  algPssTrailer,
  algRsaNull,
  algSame,
  algSha1,
  algSha224,
  issCharacters,
  issCn,
  issCountry,
  issCountryCase,
  issCountryLetters,
  issCountryType,
  issEmpty,
  issMatch,
  issOctets,
  issSerialType,
  issStringType,
  timeChoice,
  timeGeneralizedtime,
  timeOrder,
  timeUtctime,
  nup,
  ninetyDays,
  fortyEightHours,
  empty,
  dup,
  revdate,
  revdateForm,
  keep,
  entryextHold,
  entryextInvalidity,
  entryextIssuer,
  entryextOther,
  entryextReason,
  extDefault,
  extPresent,
  extPrivateCritical,
  extSyntax,
  extTwice,
  akiCritical,
  akiKeyid,
  akiMatch,
  akiPresent,
  numCritical,
  numLength,
  numMinimal,
  numNegative,
  numPresent,
  numRising,
  ianCritical,
  ianNames,
  delta,
  idp,
  freshest,
  key,
  sig,
  sigDigestinfo,
  sigValue,
];
