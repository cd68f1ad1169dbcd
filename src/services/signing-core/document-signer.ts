import { encodeSignatureAlgorithm } from '../../formats/algorithms/encode-algorithm-identifier.ts';
import type { DigestName } from '../../formats/algorithms/digests.ts';
import { keyAlgorithms, type SignatureAlgorithm } from '../../formats/algorithms/signature-algorithms.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { coversDocumentType } from '../../rules/sod/sod-rules.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import type { SodOrder, TokenKey } from '../ports.ts';
import { assertCertifies } from './issuer.ts';

/** What a SOD takes from its Document Signer certificate, decoded once per certificate. */
export interface DocumentSigner {
  readonly certificate: Uint8Array;
  readonly issuerName: Uint8Array;
  readonly serialNumber: bigint;
  readonly documentTypes: readonly string[];
  readonly signsFrom: Date;
  readonly signsUntil: Date;
  readonly algorithm: SignatureAlgorithm;
  /** Digest of the message digest attribute and the signature. */
  readonly digest: DigestName;
  readonly algorithmIdentifier: Uint8Array;
}

/**
 * Reads a Document Signer certificate strictly.
 *
 * @throws Refused when it is not the key's; InvariantBroken when it is not of the Document Signer profile
 */
export function documentSignerFrom(der: Uint8Array, keyAlgorithm: string, key: TokenKey): DocumentSigner {
  const certificate = decodeCertificate(der, { strict: true });
  assertCertifies(certificate, key.publicKey);
  const algorithm = keyAlgorithms.get(keyAlgorithm);
  const usage = certificate.privateKeyUsagePeriod;
  const documentTypes = certificate.documentTypeList?.types;
  if (!algorithm || !usage?.notBefore || !usage.notAfter || !documentTypes) {
    throw new InvariantBroken(`the certificate of ${key.label} is not a Document Signer certificate of ours`);
  }
  return {
    certificate: der,
    issuerName: certificate.issuer.bytes,
    serialNumber: certificate.serialNumber,
    documentTypes,
    signsFrom: usage.notBefore,
    signsUntil: usage.notAfter,
    algorithm: algorithm.signature,
    digest: algorithm.signature.digest,
    algorithmIdentifier: encodeSignatureAlgorithm(algorithm.signature),
  };
}

/** @throws Refused when this Document Signer may not sign this order (S-PKUP, S-DTL) */
export function assertMaySign(signer: DocumentSigner, order: SodOrder): void {
  if (order.signingTime < signer.signsFrom || order.signingTime > signer.signsUntil) {
    throw new Refused('key-not-active', "the signing time is outside the key's private key usage period", {
      rule: 'S-PKUP',
      source: 'Doc 9303-12 §4.1.1',
      mend: 'use the Document Signer whose period it is; make one if there is none',
    });
  }
  if (!coversDocumentType(signer.documentTypes, order.documentType)) {
    throw new Refused('policy', `the Document Signer is not for documents of type ${order.documentType}`, {
      rule: 'S-DTL',
      source: 'Doc 9303-12 §7.1.1.6',
      field: 'documentType',
      mend: `its certificate lists ${signer.documentTypes.join(', ')}`,
    });
  }
}
