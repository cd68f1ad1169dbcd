import type { SignedData } from '../../../formats/cms/signed-data.ts';
import type { SignerIdentifier } from '../../../formats/cms/signer-info.ts';
import type { Certificate } from '../../../formats/x509/certificate.ts';
import type { Signer } from './context.ts';
import type { RawSignedData } from './raw-signed-data.ts';

/** Each SignerInfo with the embedded certificate that it names, octet by octet. */
export function signersOf(signedData: SignedData, raw: RawSignedData): readonly Signer[] {
  return signedData.signerInfos.flatMap((info, index) => {
    const rawInfo = raw.signerInfos[index];
    if (rawInfo === undefined) return [];
    const certificate = signedData.certificates.find((one) => isNamed(info.sid, one));
    return [{ info, raw: rawInfo, certificate }];
  });
}

function isNamed(sid: SignerIdentifier, certificate: Certificate): boolean {
  if (sid.kind === 'subjectKeyIdentifier') {
    const own = certificate.subjectKeyIdentifier;
    return own !== undefined && isEqual(sid.keyIdentifier, own);
  }
  return (
    isEqual(sid.serialNumberOctets, certificate.serialNumberOctets) &&
    isEqual(sid.issuer.bytes, certificate.issuer.bytes)
  );
}

export function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** Whether a certificate says that it is one of a CA, as a CSCA's does. */
export function isCscaCertificate({ basicConstraints, keyUsage }: Certificate): boolean {
  return basicConstraints?.cA === true || keyUsage?.has('keyCertSign') === true;
}
