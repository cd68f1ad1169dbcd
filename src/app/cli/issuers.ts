import { checkSignature } from '../../formats/algorithms/verify-signature.ts';
import { decodeMasterList } from '../../formats/masterlist/master-list.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { fromPem } from '../../formats/pem.ts';
import { recognise } from '../../formats/recognise.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { CertificateList } from '../../formats/x509/crl.ts';
import { isSameName } from '../../formats/x509/name.ts';
import { filesBelow, readBytes } from './files.ts';

/** CSCA certificates that the operator names as possible issuers. Nothing is trusted: a lint asks who signed. */
export class Issuers {
  readonly #certificates: readonly Certificate[];

  constructor(certificates: readonly Certificate[]) {
    this.#certificates = certificates;
  }

  /**
   * The certificate of the key that signed. Where none did, the one that is named: then the lint finds that its
   * signature does not hold.
   */
  find(issued: Certificate | CertificateList): Certificate | undefined {
    const named = this.#certificates.filter((certificate) => isNamed(issued, certificate));
    return named.find((certificate) => hasSigned(certificate, issued)) ?? named[0];
  }
}

/** By key identifier and country, or by name where no identifier is given. */
function isNamed(
  { authorityKeyIdentifier, issuer }: Certificate | CertificateList,
  by: Certificate,
): boolean {
  const keyIdentifier = authorityKeyIdentifier?.keyIdentifier;
  if (keyIdentifier === undefined) return isSameName(by.subject, issuer);
  const isSameKey = Buffer.compare(by.keyIdentifier, keyIdentifier) === 0;
  return isSameKey && by.subject.country === issuer.country;
}

function hasSigned({ subjectPublicKey }: Certificate, issued: Certificate | CertificateList): boolean {
  const { signatureAlgorithm, tbsBytes, signature } = issued;
  return checkSignature(signatureAlgorithm, subjectPublicKey, tbsBytes, signature, { strict: false }).holds;
}

/**
 * Reads CSCA certificates from files and folders, also those in master lists. What is something else is passed over.
 *
 * @throws UnreadablePath
 */
export function loadIssuers(paths: readonly string[]): Issuers {
  return new Issuers(paths.flatMap(filesBelow).flatMap((file) => certificatesIn(readBytes(file))));
}

function certificatesIn(file: Uint8Array): readonly Certificate[] {
  try {
    return fromPem(file).flatMap((bytes) => {
      const kind = recognise(bytes);
      if (kind === 'certificate') return [decodeCertificate(bytes)];
      return kind === 'master-list' ? decodeMasterList(bytes).certificates : [];
    });
  } catch (error) {
    if (error instanceof MalformedInput) return [];
    throw error;
  }
}
