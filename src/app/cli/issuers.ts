import { checkSignature } from '../../formats/algorithms/verify-signature.ts';
import { decodeMasterList } from '../../formats/masterlist/master-list.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { fromPem } from '../../formats/pem.ts';
import { recognise } from '../../formats/recognise.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { CertificateList } from '../../formats/x509/crl.ts';
import { filesBelow, readBytes } from './files.ts';

/** CSCA certificates that the operator names as possible issuers. Nothing is trusted: a lint asks who signed. */
export class Issuers {
  readonly #byKey = new Map<string, Certificate[]>();
  readonly #byName = new Map<string, Certificate[]>();

  constructor(certificates: Iterable<Certificate>) {
    for (const certificate of certificates) {
      const { subject, keyIdentifier } = certificate;
      add(this.#byKey, keyOf(subject.country, keyIdentifier), certificate);
      add(this.#byName, subject.normalised, certificate);
    }
  }

  /**
   * The certificate of the key that signed: by its identifier, or by name where none is given. Where none of those
   * signed, the first of them, so that the lint finds that its signature does not hold.
   */
  find(issued: Certificate | CertificateList): Certificate | undefined {
    const { authorityKeyIdentifier, issuer } = issued;
    const keyIdentifier = authorityKeyIdentifier?.keyIdentifier;
    const named =
      keyIdentifier === undefined
        ? this.#byName.get(issuer.normalised)
        : this.#byKey.get(keyOf(issuer.country, keyIdentifier));
    return named?.find((certificate) => hasSigned(certificate, issued)) ?? named?.[0];
  }
}

function keyOf(country: string | undefined, keyIdentifier: Uint8Array): string {
  return `${country ?? ''} ${Buffer.from(keyIdentifier).toString('hex')}`;
}

function add(index: Map<string, Certificate[]>, key: string, certificate: Certificate): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, [certificate]);
  else known.push(certificate);
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
