import type { CertificateRule } from './context.ts';
import { akiCritical } from './aki-critical.ts';
import { akiKeyid } from './aki-keyid.ts';
import { akiMatch } from './aki-match.ts';
import { akiPair } from './aki-pair.ts';
import { akiPresent } from './aki-present.ts';
import { akiRoot } from './aki-root.ts';
import { algCurveDigest } from './alg-curve-digest.ts';
import { algDigest } from './alg-digest.ts';
import { algEcdsaAbsent } from './alg-ecdsa-absent.ts';
import { algFitsKey } from './alg-fits-key.ts';
import { algKnown } from './alg-known.ts';
import { algPkcs1 } from './alg-pkcs1.ts';
import { algPssComplete } from './alg-pss-complete.ts';
import { algPssMask } from './alg-pss-mask.ts';
import { algPssSalt } from './alg-pss-salt.ts';
import { algPssTrailer } from './alg-pss-trailer.ts';
import { algRsaNull } from './alg-rsa-null.ts';
import { algSame } from './alg-same.ts';
import { algSha1 } from './alg-sha1.ts';
import { algSha224 } from './alg-sha224.ts';
import { anCountry } from './an-country.ts';
import { anDns } from './an-dns.ts';
import { anEdition6 } from './an-edition-6.ts';
import { anIa5 } from './an-ia5.ts';
import { anIanAttributes } from './an-ian-attributes.ts';
import { anIanCode } from './an-ian-code.ts';
import { anIanContact } from './an-ian-contact.ts';
import { anIanCountry } from './an-ian-country.ts';
import { anIanCritical } from './an-ian-critical.ts';
import { anIanPresent } from './an-ian-present.ts';
import { anLocality } from './an-locality.ts';
import { anMrz } from './an-mrz.ts';
import { anRoot } from './an-root.ts';
import { anSanAttributes } from './an-san-attributes.ts';
import { anSanCode } from './an-san-code.ts';
import { anSanContact } from './an-san-contact.ts';
import { anSanCountry } from './an-san-country.ts';
import { anSanCritical } from './an-san-critical.ts';
import { anSanPresent } from './an-san-present.ts';
import { bcAbsent } from './bc-absent.ts';
import { bcCa } from './bc-ca.ts';
import { bcCritical } from './bc-critical.ts';
import { bcDefault } from './bc-default.ts';
import { bcPathlen } from './bc-pathlen.ts';
import { bcPresent } from './bc-present.ts';
import { cdpCritical } from './cdp-critical.ts';
import { cdpHost } from './cdp-host.ts';
import { cdpIssuer } from './cdp-issuer.ts';
import { cdpLocalhost } from './cdp-localhost.ts';
import { cdpPoint } from './cdp-point.ts';
import { cdpPresent } from './cdp-present.ts';
import { cdpReasons } from './cdp-reasons.ts';
import { cdpScheme } from './cdp-scheme.ts';
import { derExtensions } from './der-extensions.ts';
import { derTrailing } from './der-trailing.ts';
import { der } from './der.ts';
import { dn1Characters } from './dn1-characters.ts';
import { dn1Cn } from './dn1-cn.ts';
import { dn1CountryCase } from './dn1-country-case.ts';
import { dn1CountryKnown } from './dn1-country-known.ts';
import { dn1CountryLetters } from './dn1-country-letters.ts';
import { dn1CountryOnce } from './dn1-country-once.ts';
import { dn1CountryType } from './dn1-country-type.ts';
import { dn1Country } from './dn1-country.ts';
import { dn1Empty } from './dn1-empty.ts';
import { dn1Lds2Cn } from './dn1-lds2-cn.ts';
import { dn1OnlyCCn } from './dn1-only-c-cn.ts';
import { dn1SerialType } from './dn1-serial-type.ts';
import { dn1SingleValued } from './dn1-single-valued.ts';
import { dn1SpocCn } from './dn1-spoc-cn.ts';
import { dn1StringType } from './dn1-string-type.ts';
import { dn1VdsCn } from './dn1-vds-cn.ts';
import { dn2Country } from './dn2-country.ts';
import { dn2Issuer } from './dn2-issuer.ts';
import { dn2Octets } from './dn2-octets.ts';
import { dn3Length } from './dn3-length.ts';
import { dn3Unique } from './dn3-unique.ts';
import { dtlAbsent } from './dtl-absent.ts';
import { dtlCritical } from './dtl-critical.ts';
import { dtlDraft } from './dtl-draft.ts';
import { dtlPlausible } from './dtl-plausible.ts';
import { dtlPresent } from './dtl-present.ts';
import { dtlSyntax } from './dtl-syntax.ts';
import { dtlTypes } from './dtl-types.ts';
import { ekuAbsent } from './eku-absent.ts';
import { ekuAlone } from './eku-alone.ts';
import { ekuForeign } from './eku-foreign.ts';
import { ekuAny } from './eku-any.ts';
import { ekuCriticalReport } from './eku-critical-report.ts';
import { ekuCritical } from './eku-critical.ts';
import { ekuPresent } from './eku-present.ts';
import { ekuPurpose } from './eku-purpose.ts';
import { extDefault } from './ext-default.ts';
import { extFreshestCrl } from './ext-freshest-crl.ts';
import { extInfoAccessCritical } from './ext-info-access-critical.ts';
import { extInfoAccess } from './ext-info-access.ts';
import { extInhibitAnyPolicy } from './ext-inhibit-any-policy.ts';
import { extNameConstraints } from './ext-name-constraints.ts';
import { extNetscape } from './ext-netscape.ts';
import { extOnly } from './ext-only.ts';
import { extPoliciesCritical } from './ext-policies-critical.ts';
import { extPolicyConstraints } from './ext-policy-constraints.ts';
import { extPolicyMappings } from './ext-policy-mappings.ts';
import { extPresent } from './ext-present.ts';
import { extPrivateCritical } from './ext-private-critical.ts';
import { extSubjectDirectoryAttributes } from './ext-subject-directory-attributes.ts';
import { extSyntax } from './ext-syntax.ts';
import { extTwice } from './ext-twice.ts';
import { kuBits } from './ku-bits.ts';
import { kuCritical } from './ku-critical.ts';
import { kuEncoding } from './ku-encoding.ts';
import { kuPresent } from './ku-present.ts';
import { ncAbsent } from './nc-absent.ts';
import { ncCritical } from './nc-critical.ts';
import { ncNeedless } from './nc-needless.ts';
import { ncRequired } from './nc-required.ts';
import { pkupBoth } from './pkup-both.ts';
import { pkupCritical } from './pkup-critical.ts';
import { pkupEmpty } from './pkup-empty.ts';
import { pkupLength } from './pkup-length.ts';
import { pkupOrder } from './pkup-order.ts';
import { pkupPolicy } from './pkup-policy.ts';
import { pkupPresent } from './pkup-present.ts';
import { pkupTime } from './pkup-time.ts';
import { pkupWithin } from './pkup-within.ts';
import { serLength } from './ser-length.ts';
import { serMinimal } from './ser-minimal.ts';
import { serNegative } from './ser-negative.ts';
import { serRandom } from './ser-random.ts';
import { serUnique } from './ser-unique.ts';
import { serVds } from './ser-vds.ts';
import { serZero } from './ser-zero.ts';
import { sigDigestinfo } from './sig-digestinfo.ts';
import { sigValue } from './sig-value.ts';
import { sig } from './sig.ts';
import { skiCritical } from './ski-critical.ts';
import { skiMethod } from './ski-method.ts';
import { skiPresent } from './ski-present.ts';
import { skiRecommended } from './ski-recommended.ts';
import { skiSame } from './ski-same.ts';
import { spkiBasePoint } from './spki-base-point.ts';
import { spkiCoefficients } from './spki-coefficients.ts';
import { spkiCofactor } from './spki-cofactor.ts';
import { spkiCscaSize } from './spki-csca-size.ts';
import { spkiCurve } from './spki-curve.ts';
import { spkiEcdsa } from './spki-ecdsa.ts';
import { spkiExplicit } from './spki-explicit.ts';
import { spkiKnown } from './spki-known.ts';
import { spkiPoint } from './spki-point.ts';
import { spkiRsaExponent } from './spki-rsa-exponent.ts';
import { spkiRsaLarge } from './spki-rsa-large.ts';
import { spkiRsaNull } from './spki-rsa-null.ts';
import { spkiRsaOid } from './spki-rsa-oid.ts';
import { spkiSeed } from './spki-seed.ts';
import { spkiSizeOld } from './spki-size-old.ts';
import { spkiSize } from './spki-size.ts';
import { spkiUnique } from './spki-unique.ts';
import { spkiUsable } from './spki-usable.ts';
import { uid } from './uid.ts';
import { valChoice } from './val-choice.ts';
import { valCscaLength } from './val-csca-length.ts';
import { valGeneralizedtime } from './val-generalizedtime.ts';
import { valIssuerPeriod } from './val-issuer-period.ts';
import { valIssuer } from './val-issuer.ts';
import { valLifetime } from './val-lifetime.ts';
import { valLink } from './val-link.ts';
import { valOrder } from './val-order.ts';
import { valSpoc } from './val-spoc.ts';
import { valUtctime } from './val-utctime.ts';
import { ver } from './ver.ts';

/** Every rule about certificates, in the order of the certificate's fields. */
export const certificateRules: readonly CertificateRule[] = [
  der,
  derExtensions,
  derTrailing,
  ver,
  serLength,
  serMinimal,
  serNegative,
  serRandom,
  serUnique,
  serVds,
  serZero,
  algCurveDigest,
  algDigest,
  algEcdsaAbsent,
  algFitsKey,
  algKnown,
  algPkcs1,
  algPssComplete,
  algPssMask,
  algPssSalt,
  algPssTrailer,
  algRsaNull,
  algSame,
  algSha1,
  algSha224,
  dn1Characters,
  dn1Cn,
  dn1Country,
  dn1CountryCase,
  dn1CountryKnown,
  dn1CountryLetters,
  dn1CountryOnce,
  dn1CountryType,
  dn1Empty,
  dn1Lds2Cn,
  dn1OnlyCCn,
  dn1SerialType,
  dn1SingleValued,
  dn1SpocCn,
  dn1StringType,
  dn1VdsCn,
  dn2Country,
  dn2Issuer,
  dn2Octets,
  dn3Length,
  dn3Unique,
  valChoice,
  valCscaLength,
  valGeneralizedtime,
  valIssuer,
  valIssuerPeriod,
  valLifetime,
  valLink,
  valOrder,
  valSpoc,
  valUtctime,
  uid,
  spkiBasePoint,
  spkiCoefficients,
  spkiCofactor,
  spkiCscaSize,
  spkiCurve,
  spkiEcdsa,
  spkiExplicit,
  spkiKnown,
  spkiPoint,
  spkiRsaExponent,
  spkiRsaLarge,
  spkiRsaNull,
  spkiRsaOid,
  spkiSeed,
  spkiSize,
  spkiSizeOld,
  spkiUnique,
  spkiUsable,
  extDefault,
  extFreshestCrl,
  extInfoAccess,
  extInfoAccessCritical,
  extInhibitAnyPolicy,
  extNameConstraints,
  extNetscape,
  extOnly,
  extPoliciesCritical,
  extPolicyConstraints,
  extPolicyMappings,
  extPresent,
  extPrivateCritical,
  extSubjectDirectoryAttributes,
  extSyntax,
  extTwice,
  akiCritical,
  akiKeyid,
  akiMatch,
  akiPair,
  akiPresent,
  akiRoot,
  skiCritical,
  skiMethod,
  skiPresent,
  skiRecommended,
  skiSame,
  kuBits,
  kuCritical,
  kuEncoding,
  kuPresent,
  pkupBoth,
  pkupCritical,
  pkupEmpty,
  pkupLength,
  pkupOrder,
  pkupPolicy,
  pkupPresent,
  pkupTime,
  pkupWithin,
  anCountry,
  anDns,
  anEdition6,
  anIa5,
  anIanAttributes,
  anIanCode,
  anIanContact,
  anIanCountry,
  anIanCritical,
  anIanPresent,
  anLocality,
  anMrz,
  anRoot,
  anSanAttributes,
  anSanCode,
  anSanContact,
  anSanCountry,
  anSanCritical,
  anSanPresent,
  bcAbsent,
  bcCa,
  bcCritical,
  bcDefault,
  bcPathlen,
  bcPresent,
  ekuAbsent,
  ekuAlone,
  ekuForeign,
  ekuAny,
  ekuCritical,
  ekuCriticalReport,
  ekuPresent,
  ekuPurpose,
  cdpCritical,
  cdpHost,
  cdpIssuer,
  cdpLocalhost,
  cdpPoint,
  cdpPresent,
  cdpReasons,
  cdpScheme,
  dtlAbsent,
  dtlCritical,
  dtlDraft,
  dtlPlausible,
  dtlPresent,
  dtlSyntax,
  dtlTypes,
  ncAbsent,
  ncCritical,
  ncNeedless,
  ncRequired,
  sig,
  sigDigestinfo,
  sigValue,
];
