import type { Rule } from '../rule.ts';
import { algEcdsaAbsent } from './alg-ecdsa-absent.ts';
import { algFitsKey } from './alg-fits-key.ts';
import { algKeyType } from './alg-key-type.ts';
import { algKnown } from './alg-known.ts';
import { algPssComplete } from './alg-pss-complete.ts';
import { algPssMask } from './alg-pss-mask.ts';
import { algPssSalt } from './alg-pss-salt.ts';
import { algPssTrailer } from './alg-pss-trailer.ts';
import { algRsaNull } from './alg-rsa-null.ts';
import { algSha224 } from './alg-sha224.ts';
import { attr } from './attr.ts';
import { attrContentType } from './attr-content-type.ts';
import { attrDigest } from './attr-digest.ts';
import { attrTime } from './attr-time.ts';
import { contentType } from './content-type.ts';
import { certsCsca } from './certs-csca.ts';
import { certsSigner } from './certs-signer.ts';
import type { SharedRule, SignedDataContext, SignedObject } from './context.ts';
import { der } from './der.ts';
import { derTrailing } from './der-trailing.ts';
import { digestListed } from './digest-listed.ts';
import { digestNull } from './digest-null.ts';
import { eku } from './eku.ts';
import { noCrl } from './no-crl.ts';
import { noUnsigned } from './no-unsigned.ts';
import { notCsca } from './not-csca.ts';
import { pkup } from './pkup.ts';
import { setorderAttributes } from './setorder-attributes.ts';
import { setorderCertificates } from './setorder-certificates.ts';
import { sha1 } from './sha1.ts';
import { sidSki } from './sid-ski.ts';
import { sig } from './sig.ts';
import { sigDigestinfo } from './sig-digestinfo.ts';
import { sigValue } from './sig-value.ts';
import { sigtime } from './sigtime.ts';
import { signed } from './signed.ts';
import { signerVersion } from './signer-version.ts';
import { signersOne } from './signers-one.ts';
import { timeValidity } from './time-validity.ts';
import { v3 } from './v3.ts';

const shared: readonly SharedRule[] = [
  der,
  derTrailing,
  v3,
  contentType,
  setorderCertificates,
  noCrl,
  signed,
  signersOne,
  signerVersion,
  digestListed,
  digestNull,
  sha1,
  attr,
  attrContentType,
  attrDigest,
  attrTime,
  setorderAttributes,
  noUnsigned,
  algKnown,
  algKeyType,
  algSha224,
  algPssComplete,
  algPssMask,
  algPssSalt,
  algPssTrailer,
  algRsaNull,
  algEcdsaAbsent,
  algFitsKey,
  eku,
  notCsca,
  pkup,
  timeValidity,
  sig,
  sigDigestinfo,
  sigValue,
];

/** The rules that hold for every SignedData of Doc 9303, under the ids and clauses of one kind. */
export function sharedRules(object: SignedObject): readonly Rule<SignedDataContext>[] {
  return shared.map((rule) => rule(object));
}

/** Those that hold for lists only. */
export function listRules(object: SignedObject): readonly Rule<SignedDataContext>[] {
  return [sidSki, sigtime, certsSigner, certsCsca].map((rule) => rule(object));
}
