import { createHash } from 'node:crypto';
import type { SignedData } from '../../formats/cms/signed-data.ts';
import type { SignerIdentifier, SignerInfo } from '../../formats/cms/signer-info.ts';
import type { Note } from '../../formats/note.ts';
import { oidName } from '../../formats/oids.ts';
import type { Certificate } from '../../formats/x509/certificate.ts';
import { isSameName } from '../../formats/x509/name.ts';
import type { Examination } from './report.ts';
import type { Asking, SignatureQuestion } from './signature-question.ts';

/** Whose signature is examined, as the codes of its findings begin. */
type SignedObject = 'SOD' | 'MASTERLIST';

/**
 * Finds the certificate that a SignerInfo names, among the embedded ones and then among those known.
 *
 * The identifier may be wrong: Malaysia writes the issuer otherwise than the certificate does. Which certificate
 * is taken decides nothing, because signature and path are checked with the one that was taken.
 */
export function findSigner(
  examination: Examination,
  role: 'DSC' | 'MLSC',
  signerInfo: SignerInfo,
  known: { readonly embedded: readonly Certificate[]; readonly stored: readonly Certificate[] },
): Certificate | undefined {
  const { sid, version } = signerInfo;
  const { embedded, stored } = known;
  if (version !== (sid.kind === 'issuerAndSerialNumber' ? 1 : 3)) {
    examination.find(`${role}_SID`, `the signer identifier is ${sid.kind} in a SignerInfo v${version}`);
  }
  const exact = [...embedded, ...stored].find((certificate) => isExactly(sid, certificate));
  if (exact !== undefined) return exact;
  const alike =
    [...embedded, ...stored].find((certificate) => isAlike(sid, certificate)) ?? onlyOne(embedded);
  if (alike === undefined) {
    examination.find(`${role}_NOT_FOUND`, `no certificate is at hand for ${displaySid(sid)}`);
  } else {
    const detail = `the signer identifier ${displaySid(sid)} is not that of ${alike.subject.display}`;
    examination.find(`${role}_SID`, detail);
  }
  return alike;
}

function isExactly(sid: SignerIdentifier, certificate: Certificate): boolean {
  if (sid.kind === 'subjectKeyIdentifier') {
    const { subjectKeyIdentifier } = certificate;
    return subjectKeyIdentifier !== undefined && isEqual(sid.keyIdentifier, subjectKeyIdentifier);
  }
  return (
    isEqual(sid.serialNumberOctets, certificate.serialNumberOctets) &&
    isEqual(sid.issuer.bytes, certificate.issuer.bytes)
  );
}

function isAlike(sid: SignerIdentifier, certificate: Certificate): boolean {
  if (sid.kind === 'subjectKeyIdentifier') return isEqual(sid.keyIdentifier, certificate.keyIdentifier);
  return (
    isEqual(sid.serialNumberOctets, certificate.serialNumberOctets) &&
    isSameName(sid.issuer, certificate.issuer)
  );
}

function onlyOne(certificates: readonly Certificate[]): Certificate | undefined {
  return certificates.length === 1 ? certificates[0] : undefined;
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function displaySid(sid: SignerIdentifier): string {
  if (sid.kind === 'subjectKeyIdentifier') return `key ${Buffer.from(sid.keyIdentifier).toString('hex')}`;
  return `serial number 0x${Buffer.from(sid.serialNumberOctets).toString('hex')} of ${sid.issuer.display}`;
}

/**
 * What is signed must be what is there: contentType and messageDigest of the signed attributes (RFC 5652 §5.4,
 * §11.1, §11.2). A reader in one pass needs digestAlgorithms, which nothing signs (§5.1).
 */
export function examineDigest(
  examination: Examination,
  object: SignedObject,
  signedData: SignedData,
  { signedAttributes, digestAlgorithm, digestAlgorithmOid }: SignerInfo,
  options: { readonly strict: boolean },
): void {
  if (signedAttributes === undefined) {
    const code = options.strict ? (`${object}_DIGEST` as const) : (`${object}_PROFILE` as const);
    examination.find(code, 'there are no signed attributes');
    return;
  }
  const { contentType, messageDigest } = signedAttributes;
  if (contentType !== signedData.eContentType) {
    const found = contentType === undefined ? 'absent' : (oidName(contentType) ?? contentType);
    examination.find(`${object}_DIGEST`, `the signed contentType is ${found}, not that of the content`);
  }
  if (!signedData.digestAlgorithms.includes(digestAlgorithmOid)) {
    examination.find(`${object}_PROFILE`, "the signature's digestAlgorithm is not among digestAlgorithms");
  }
  if (digestAlgorithm === undefined) {
    examination.find('ALG_UNSUPPORTED', `digestAlgorithm ${digestAlgorithmOid}`);
    return;
  }
  const digest = createHash(digestAlgorithm.node)
    .update(signedData.digestedOctets ?? new Uint8Array())
    .digest();
  if (messageDigest === undefined || !digest.equals(messageDigest)) {
    examination.find(
      `${object}_DIGEST`,
      `the messageDigest is not the ${digestAlgorithm.name} of the content`,
    );
  }
}

/**
 * The signature over the signed attributes as they were received; if they are not DER, which is what must be
 * signed, then over their DER as well. Without signed attributes it is over the content.
 */
export function* examineSignature(
  examination: Examination,
  object: SignedObject,
  signedData: SignedData,
  signerInfo: SignerInfo,
  signer: Certificate,
  options: { readonly strict: boolean },
): Asking<void> {
  const { signedAttributes, signatureAlgorithm, signature } = signerInfo;
  const over = (data: Uint8Array): SignatureQuestion => {
    const { subjectPublicKey: publicKey } = signer;
    return { algorithm: signatureAlgorithm, publicKey, data, signature, strict: options.strict };
  };
  const signed = signedAttributes?.received ?? signedData.digestedOctets ?? new Uint8Array();
  const check = yield over(signed);
  if (check.holds) {
    examination.note('signature', check.notes);
    return;
  }
  if (signedAttributes !== undefined && !options.strict && !isEqual(signed, signedAttributes.der)) {
    const der = yield over(signedAttributes.der);
    if (der.holds) {
      examination.note('signature', der.notes);
      examination.find(
        `${object}_PROFILE`,
        'the signature is over the DER of attributes that are not sent as DER',
      );
      return;
    }
  }
  findUnheld(examination, object, check.notes);
}

/** What this reader cannot check is undetermined; a key that does not go with its algorithm is wrong. */
function findUnheld(examination: Examination, object: SignedObject, notes: readonly Note[]): void {
  const unsupported = notes.filter(({ code }) => code === 'ALG_UNSUPPORTED' || code === 'KEY_UNSUPPORTED');
  const reasons = notes.map((note) => note.detail).join('; ');
  if (unsupported.length > 0) examination.find('ALG_UNSUPPORTED', `signature ${reasons}`);
  else {
    const detail = reasons === '' ? 'does not hold under the key of the signer' : reasons;
    examination.find(`${object}_SIGNATURE`, `the signature ${detail}`);
  }
}
