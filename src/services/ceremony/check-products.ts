import { keyIdentifier, parseSubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import type { Ceremony, CeremonyStep } from '../../rules/ceremony/ceremony-file.ts';
import { type DoneEntry, digestOf } from '../../rules/ceremony/transcript.ts';
import { isResponseSigned, parseResponseBundle } from '../../rules/exchange/response-bundle.ts';

/**
 * Checks the recorded products of ceremonies against one another: every signature with the public key that the
 * ceremony recorded, every certificate against its key. Remembers from ceremony to ceremony what was made.
 */
export class ProductChecker {
  /** SubjectPublicKeyInfo by label. */
  readonly #keys = new Map<string, Uint8Array>();
  readonly #roots = new Map<string, Certificate>();
  readonly #links = new Map<string, Uint8Array>();
  #exchangeKey: Uint8Array | undefined;
  #crl: Uint8Array | undefined;

  /** @returns one sentence for each product that does not hold, with its step */
  check(ceremony: Ceremony, done: ReadonlyMap<number, DoneEntry>): readonly string[] {
    return ceremony.steps.flatMap((step, index) => {
      const entry = done.get(index);
      if (entry === undefined) return [];
      return this.#checkStep(step, entry.product).map((finding) => `step ${index + 1}: ${finding}`);
    });
  }

  #checkStep(step: CeremonyStep, product: Uint8Array): readonly string[] {
    try {
      return this.#findings(step, product);
    } catch (error) {
      if (error instanceof MalformedInput) return [`the product cannot be read: ${error.message}`];
      throw error;
    }
  }

  #findings(step: CeremonyStep, product: Uint8Array): readonly string[] {
    switch (step.step) {
      case 'make-key':
        parseSubjectPublicKey(product);
        this.#keys.set(step.label, product);
        if (step.role === 'exchange') this.#exchangeKey = product;
        return [];
      case 'issue-certificate': {
        const root = decodeCertificate(product, { strict: true });
        this.#roots.set(step.key, root);
        return [...this.#ofKey(root, step.key), ...signedBy(root, root, step.key)];
      }
      case 'issue-link': {
        const linkCertificate = decodeCertificate(product, { strict: true });
        this.#links.set(step.to, product);
        return [
          ...this.#ofKey(linkCertificate, step.to),
          ...signedBy(linkCertificate, this.#roots.get(step.from), step.from),
        ];
      }
      case 'sign-crl':
        this.#crl = product;
        return signedBy(decodeCrl(product, { strict: true }), this.#roots.get(step.issuer), step.issuer);
      case 'process-request':
        return this.#responseFindings(step.issuer, product);
      case 'export':
        return this.#exportFindings(step, product);
    }
  }

  #ofKey(certificate: Certificate, label: string): readonly string[] {
    const key = this.#keys.get(label);
    if (key === undefined) return [`no transcript says how key ${label} was made`];
    const same =
      Buffer.compare(
        keyIdentifier(certificate.subjectPublicKey),
        keyIdentifier(parseSubjectPublicKey(key)),
      ) === 0;
    return same ? [] : [`the certificate is not of the key ${label} that was recorded`];
  }

  #responseFindings(issuer: string, product: Uint8Array): readonly string[] {
    const response = parseResponseBundle(product);
    this.#crl = response.content.crl;
    const root = this.#roots.get(issuer);
    const isSigned = this.#exchangeKey !== undefined && isResponseSigned(response, this.#exchangeKey);
    return [
      ...(isSigned ? [] : ['the response is not signed by the recorded exchange key']),
      ...response.content.certificates.flatMap(({ certificate }) =>
        signedBy(decodeCertificate(certificate, { strict: true }), root, issuer),
      ),
      ...signedBy(decodeCrl(response.content.crl, { strict: true }), root, issuer),
    ];
  }

  #exportFindings(step: Extract<CeremonyStep, { step: 'export' }>, product: Uint8Array): readonly string[] {
    const wanted = {
      certificate: () => this.#roots.get(step.key ?? '')?.bytes,
      link: () => this.#links.get(step.key ?? ''),
      crl: () => this.#crl,
      identity: () => product,
    }[step.what]();
    if (wanted !== undefined && digestOf(wanted) === digestOf(product)) return [];
    return [`${step.file} is not the ${step.what} that was made`];
  }
}

function signedBy(
  signed: Certificate | CertificateList,
  issuer: Certificate | undefined,
  label: string,
): readonly string[] {
  const { signatureAlgorithm, tbsBytes, signature } = signed;
  const holds =
    issuer !== undefined &&
    signatureAlgorithm.kind !== 'unsupported' &&
    verifySignature(signatureAlgorithm, issuer.subjectPublicKey, tbsBytes, signature);
  return holds ? [] : [`the signature does not hold with the recorded key ${label}`];
}

/** Which step a changed ceremony file differs in. */
export function stepsThatDiffer(
  inputs: readonly (string | undefined)[],
  digests: readonly string[],
): readonly number[] {
  return digests.flatMap((digest, index) => {
    const recorded = inputs[index];
    return recorded === undefined || recorded === digest ? [] : [index];
  });
}

/** The first octet in which two contents differ. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let offset = 0;
  while (offset < length && a[offset] === b[offset]) offset += 1;
  return offset;
}
