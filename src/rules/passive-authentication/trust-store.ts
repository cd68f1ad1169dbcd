import { checkSignature } from '../../formats/algorithms/verify-signature.ts';
import type { DecodeOptions, Note } from '../../formats/note.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import type { CertificateList } from '../../formats/x509/crl.ts';
import { isSameName, type Name } from '../../formats/x509/name.ts';

/** A CSCA key that is trusted: given by the operator, or introduced by a link certificate under such a key. */
export interface TrustAnchor {
  readonly certificate: Certificate;
  /** The anchor whose key signed the link certificate; undefined for what was given. */
  readonly introducedBy: TrustAnchor | undefined;
}

/** A certificate among the trust material that is no anchor, and why. */
export interface RejectedAnchor {
  readonly certificate: Certificate;
  readonly reason: string;
}

/** What issued something, as far as it says: a certificate or a CRL. */
export interface Issued {
  readonly issuer: Name;
  readonly authorityKeyIdentifier: { readonly keyIdentifier: Uint8Array | undefined } | undefined;
}

export interface AnchorCandidates {
  readonly anchors: readonly TrustAnchor[];
  /** Whether the authorityKeyIdentifier names one of them: then the issuer is known for certain. */
  readonly isKeyKnown: boolean;
}

export interface IssuerSearch {
  /** The certificate that was looked for first: the same octets, with its key made ready. */
  readonly certificate: Certificate;
  readonly anchor: TrustAnchor | undefined;
  /** What was tolerated in the signature. */
  readonly notes: readonly Note[];
  readonly keysTried: number;
  /** Whether the authorityKeyIdentifier names a trusted key. */
  readonly isKeyKnown: boolean;
}

/** More Document Signers than any state has; a bound for hostile input. */
const maxRemembered = 10_000;

/**
 * Trust anchors by country, name and key. Several keys under one name, and one key in several certificates, are
 * the rule (Doc 9303-12 §6.1.1): an anchor is found by its key first and a name alone never decides.
 */
export class TrustStore {
  readonly anchors: readonly TrustAnchor[];
  /** End-entity certificates that came along, for documents that do not embed theirs. */
  readonly signers: readonly Certificate[];
  readonly rejected: readonly RejectedAnchor[];
  readonly #byKeyIdentifier = new Map<string, TrustAnchor[]>();
  readonly #byName = new Map<string, TrustAnchor[]>();
  readonly #byCountry = new Map<string, TrustAnchor[]>();
  readonly #byFingerprint = new Map<string, TrustAnchor>();
  readonly #searches = new Map<string, IssuerSearch>();
  readonly #decoded = { strict: new Map<string, Certificate>(), tolerant: new Map<string, Certificate>() };
  readonly #crlIssuers = {
    strict: new WeakMap<CertificateList, TrustAnchor | 'none'>(),
    tolerant: new WeakMap<CertificateList, TrustAnchor | 'none'>(),
  };

  constructor(
    anchors: readonly TrustAnchor[],
    signers: readonly Certificate[] = [],
    rejected: readonly RejectedAnchor[] = [],
  ) {
    this.anchors = anchors;
    this.signers = signers;
    this.rejected = rejected;
    for (const anchor of anchors) {
      const { certificate } = anchor;
      this.#byFingerprint.set(certificate.fingerprint, anchor);
      add(this.#byKeyIdentifier, hex(certificate.keyIdentifier), anchor);
      add(this.#byName, certificate.subject.normalised, anchor);
      add(this.#byCountry, certificate.subject.country ?? '', anchor);
    }
  }

  /**
   * Decodes a certificate that came with a document. One with the very same octets is not decoded again.
   *
   * @throws MalformedInput
   */
  decodeCertificate(der: Uint8Array, options: DecodeOptions): Certificate {
    const remembered = this.#decoded[options.strict === true ? 'strict' : 'tolerant'];
    const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    // A copy, because the document around it is not kept.
    const certificate = decodeCertificate(Uint8Array.from(der), options);
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(key, certificate);
    return certificate;
  }

  /**
   * The anchor under whose key the signature of a certificate holds. The same Document Signer comes with
   * thousands of documents, so that what was found once is remembered: it depends on nothing but the octets.
   */
  issuerOf(certificate: Certificate, options: { readonly strict: boolean }): IssuerSearch {
    const key = `${certificate.fingerprint} ${options.strict}`;
    const known = this.#searches.get(key);
    if (known !== undefined) return known;
    const search = this.#searchIssuer(certificate, options);
    if (this.#searches.size >= maxRemembered) this.#searches.clear();
    this.#searches.set(key, search);
    return search;
  }

  #searchIssuer(certificate: Certificate, options: { readonly strict: boolean }): IssuerSearch {
    const { anchors, isKeyKnown } = this.candidates(certificate);
    for (const anchor of anchors) {
      const { holds, notes } = checkIssuedBy(certificate, anchor.certificate, options);
      if (holds) return { certificate, anchor, notes, keysTried: anchors.length, isKeyKnown };
    }
    return { certificate, anchor: undefined, notes: [], keysTried: anchors.length, isKeyKnown };
  }

  /**
   * The anchor whose key signed a CRL, of the same country as its issuer. A border holds every document against
   * the same few CRLs, so that the answer is remembered for as long as a decoded CRL is.
   */
  issuerOfCrl(crl: CertificateList, options: { readonly strict: boolean }): TrustAnchor | undefined {
    const remembered = this.#crlIssuers[options.strict ? 'strict' : 'tolerant'];
    let issuer = remembered.get(crl);
    if (issuer === undefined) {
      const { anchors } = this.candidates(crl);
      issuer = anchors.find(({ certificate }) => checkIssuedBy(crl, certificate, options).holds) ?? 'none';
      remembered.set(crl, issuer);
    }
    return issuer === 'none' ? undefined : issuer;
  }

  find(fingerprint: string): TrustAnchor | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  ofCountry(country: string | undefined): readonly TrustAnchor[] {
    return this.#byCountry.get(country ?? '') ?? [];
  }

  /** Anchors that may have issued something: by key identifier, then by name, then all of the country. */
  candidates(issued: Issued): AnchorCandidates {
    const keyIdentifier = issued.authorityKeyIdentifier?.keyIdentifier;
    const byKey = keyIdentifier === undefined ? [] : (this.#byKeyIdentifier.get(hex(keyIdentifier)) ?? []);
    // Two states may have made the same identifier, such as a counter; the name or country must fit too.
    const ofIssuer = byKey.filter(({ certificate }) => certificate.subject.country === issued.issuer.country);
    const byName = this.#byName.get(issued.issuer.normalised) ?? [];
    const anchors = [...ofIssuer, ...byName, ...this.ofCountry(issued.issuer.country)];
    return { anchors: oncePerKey(anchors), isKeyKnown: ofIssuer.length > 0 };
  }
}

function add(index: Map<string, TrustAnchor[]>, key: string, anchor: TrustAnchor): void {
  const anchors = index.get(key);
  if (anchors === undefined) index.set(key, [anchor]);
  else anchors.push(anchor);
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

/** The same key need not be tried twice. */
function oncePerKey(anchors: readonly TrustAnchor[]): readonly TrustAnchor[] {
  const seen = new Set<string>();
  return anchors.filter(({ certificate }) => {
    const key = hex(certificate.subjectPublicKey.subjectPublicKey);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Whether a signature holds under the key of a certificate, with what was tolerated. */
function checkIssuedBy(
  issued: Pick<Certificate, 'signatureAlgorithm' | 'tbsBytes' | 'signature'>,
  issuer: Certificate,
  options: { readonly strict: boolean },
): { readonly holds: boolean; readonly notes: readonly Note[] } {
  const { signatureAlgorithm, tbsBytes, signature } = issued;
  return checkSignature(signatureAlgorithm, issuer.subjectPublicKey, tbsBytes, signature, options);
}

/**
 * Whether a certificate may introduce a CSCA key: it must be a CA certificate, lest a Document Signer among the
 * trust material became one. Where basicConstraints is missing, keyCertSign has to say it.
 */
export function isCaCertificate(certificate: Certificate): boolean {
  const { basicConstraints, keyUsage } = certificate;
  if (keyUsage !== undefined && !keyUsage.has('keyCertSign')) return false;
  return basicConstraints?.cA ?? keyUsage?.has('keyCertSign') ?? false;
}

/**
 * Makes a trust store from certificates that the operator trusts to be those of CSCAs. A self-signed one becomes
 * an anchor. Any other CA certificate is a link: it introduces its key once its signature holds under an anchor
 * of the same country, in whatever order they come (Doc 9303-12 §4.1.4.3).
 */
export function buildTrustStore(certificates: Iterable<Certificate>): TrustStore {
  const anchors: TrustAnchor[] = [];
  const signers: Certificate[] = [];
  const rejected: RejectedAnchor[] = [];
  let links: Certificate[] = [];
  for (const certificate of onceEach(certificates)) {
    if (isSelfSigned(certificate)) anchors.push({ certificate, introducedBy: undefined });
    else if (isCaCertificate(certificate)) links.push(certificate);
    else signers.push(certificate);
  }
  let introduced: TrustAnchor[];
  do {
    const store = new TrustStore(anchors);
    introduced = links.flatMap((link) => followLink(link, store));
    anchors.push(...introduced);
    const done = new Set(introduced.map((anchor) => anchor.certificate));
    links = links.filter((link) => !done.has(link));
  } while (introduced.length > 0);
  for (const link of links) rejected.push({ certificate: link, reason: rejectionOf(link) });
  return new TrustStore(anchors, signers, rejected);
}

function onceEach(certificates: Iterable<Certificate>): Iterable<Certificate> {
  const byFingerprint = new Map<string, Certificate>();
  for (const certificate of certificates) byFingerprint.set(certificate.fingerprint, certificate);
  return byFingerprint.values();
}

/** Self-issued and signed with its own key; only the latter tells a root from a link without change of name. */
export function isSelfSigned(certificate: Certificate): boolean {
  if (!isSameName(certificate.subject, certificate.issuer)) return false;
  return checkIssuedBy(certificate, certificate, { strict: false }).holds;
}

function followLink(link: Certificate, store: TrustStore): TrustAnchor[] {
  const issuer = store
    .candidates(link)
    .anchors.find((anchor) => checkIssuedBy(link, anchor.certificate, { strict: false }).holds);
  const isSameCountry = issuer?.certificate.subject.country === link.subject.country;
  return issuer !== undefined && isSameCountry ? [{ certificate: link, introducedBy: issuer }] : [];
}

function rejectionOf(link: Certificate): string {
  return isSameName(link.subject, link.issuer)
    ? 'is neither self-signed nor signed by a trusted key'
    : 'is a link certificate whose issuer is not trusted';
}
