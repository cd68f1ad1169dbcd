import { hash } from 'node:crypto';
import type { FoundSignatureAlgorithm } from '../../formats/algorithms/decode-algorithm-identifier.ts';
import type { SubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import { checkSignatureAsync } from '../../formats/algorithms/verify-signature.ts';
import { tags } from '../../formats/der/tags.ts';
import { unicodeVersionOf } from '../../rules/sod/sod-rules.ts';
import type { PassiveAuthenticationReport } from '../../rules/passive-authentication/index.ts';
import type { SodIntent } from '../ports.ts';

/** Octets from `start` up to `end` of a file. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * An EF.SOD that was examined in full, by which the next one of the same Document Signer is examined in short: all
 * octets but the hashes of the data groups, messageDigest, signing-time and signature must be the same, so that
 * every rule about them has the same answer. What is in those four is examined anew each time.
 */
export class Exemplar {
  readonly #bytes: Buffer;
  readonly #digest: string;
  readonly #algorithm: FoundSignatureAlgorithm;
  readonly #publicKey: SubjectPublicKey;
  readonly #intent: SodIntent;
  readonly #spans: Spans;
  /** Between the spans that differ. */
  readonly #same: readonly Span[];
  /** Within it, time changes no answer about the signer: from an instant to an instant, both excluded. */
  readonly #steady: Span;

  private constructor(report: Examined, intent: SodIntent, spans: Spans, steady: Span) {
    this.#bytes = spans.bytes;
    this.#digest = report.digest;
    this.#algorithm = report.signer.signatureAlgorithm;
    this.#publicKey = report.publicKey;
    this.#intent = intent;
    this.#spans = spans;
    this.#same = between(spans);
    this.#steady = steady;
  }

  /**
   * @param report of an EF.SOD that is trusted, clean and what was ordered
   * @param instants at which an answer about the signer, its CSCA or the CRL may change
   * @returns undefined where the file cannot be told apart into what differs and what does not
   */
  static of(
    efSod: Uint8Array,
    report: PassiveAuthenticationReport,
    intent: SodIntent,
    at: Date,
    instants: readonly Date[],
  ): Exemplar | undefined {
    const examined = examinedParts(report);
    const spans = examined && spansOf(efSod, examined, intent);
    if (examined === undefined || spans === undefined) return undefined;
    const steady = steadyAround([at, intent.signingTime], instants);
    return steady && new Exemplar(examined, intent, spans, steady);
  }

  /** Whether an EF.SOD for this intent is as good as the exemplar. A no says nothing: it is to be examined in full. */
  async isMatchedBy(efSod: Uint8Array, intent: SodIntent, at: Date): Promise<boolean> {
    return (
      isSameOrder(intent, this.#intent) &&
      this.#isSteady(at) &&
      this.#isSteady(intent.signingTime) &&
      intent.signingTime <= at &&
      this.#hasSameForm(efSod) &&
      this.#hasContentOf(efSod, intent) &&
      (await this.#isSignatureValid(efSod))
    );
  }

  #isSteady(instant: Date): boolean {
    return instant.getTime() > this.#steady.start && instant.getTime() < this.#steady.end;
  }

  #hasSameForm(efSod: Uint8Array): boolean {
    if (efSod.length !== this.#bytes.length) return false;
    return this.#same.every(({ start, end }) => this.#bytes.compare(efSod, start, end, start, end) === 0);
  }

  #hasContentOf(efSod: Uint8Array, intent: SodIntent): boolean {
    const { dataGroups, eContent, messageDigest, signingTime } = this.#spans;
    const has = (span: Span, octets: Uint8Array): boolean => Buffer.compare(part(efSod, span), octets) === 0;
    for (const [number, span] of dataGroups) {
      const ordered = intent.dataGroupHashes.get(number);
      if (ordered === undefined || !has(span, ordered)) return false;
    }
    return (
      has(messageDigest, hash(this.#digest, part(efSod, eContent), 'buffer')) &&
      has(signingTime, Buffer.from(utcTime(intent.signingTime)))
    );
  }

  /** OpenSSL takes an ECDSA signature as strict DER with r and s from 1 to n - 1 only, as the rules ask. */
  async #isSignatureValid(efSod: Uint8Array): Promise<boolean> {
    const attributes = Uint8Array.from(part(efSod, this.#spans.signedAttributes));
    attributes[0] = tags.set;
    const signature = part(efSod, this.#spans.signature);
    const options = { strict: true };
    const check = await checkSignatureAsync(this.#algorithm, this.#publicKey, attributes, signature, options);
    return check.holds && check.notes.length === 0;
  }
}

type Examined = NonNullable<ReturnType<typeof examinedParts>>;

function examinedParts({ signedData, ldsSecurityObject, dsc }: PassiveAuthenticationReport) {
  const signer = signedData?.signerInfos[0];
  const attributes = signer?.signedAttributes;
  const digest = signer?.digestAlgorithm?.node;
  const eContent = signedData?.eContent;
  if (attributes?.messageDigest === undefined || ldsSecurityObject === undefined) return undefined;
  if (signer === undefined || digest === undefined || eContent === undefined || dsc === undefined) {
    return undefined;
  }
  const { dataGroupHashes } = ldsSecurityObject;
  const { received, messageDigest } = attributes;
  const publicKey = dsc.subjectPublicKey;
  return { signer, digest, eContent, dataGroupHashes, received, messageDigest, publicKey };
}

interface Spans {
  readonly bytes: Buffer;
  readonly dataGroups: ReadonlyMap<number, Span>;
  readonly eContent: Span;
  readonly messageDigest: Span;
  readonly signingTime: Span;
  readonly signedAttributes: Span;
  readonly signature: Span;
}

/** The reader's values are windows on the file; what it copies is looked for, and must be there once. */
function spansOf(efSod: Uint8Array, examined: Examined, intent: SodIntent): Spans | undefined {
  const { signer, eContent, dataGroupHashes, received, messageDigest } = examined;
  const bytes = Buffer.from(efSod);
  const windowOf = (octets: Uint8Array): Span | undefined => {
    const start = octets.byteOffset - efSod.byteOffset;
    const span = { start, end: start + octets.length };
    const isWithin = octets.buffer === efSod.buffer && start >= 0 && span.end <= efSod.length;
    return isWithin ? span : undefined;
  };
  const onlyOne = (octets: Uint8Array): Span | undefined => {
    const start = bytes.indexOf(octets);
    const isOnly = start >= 0 && bytes.indexOf(octets, start + 1) < 0;
    return isOnly ? { start, end: start + octets.length } : undefined;
  };
  const time = onlyOne(Buffer.from(`\x17\x0d${utcTime(intent.signingTime)}`, 'latin1'));
  const attributes = onlyOne(received.subarray(1));
  const groups = [...dataGroupHashes].map(([number, octets]) => [number, windowOf(octets)] as const);
  const spans = {
    bytes,
    dataGroups: new Map(groups.filter((group): group is [number, Span] => group[1] !== undefined)),
    eContent: windowOf(eContent),
    messageDigest: windowOf(messageDigest),
    signingTime: time && { start: time.start + 2, end: time.end },
    signedAttributes: attributes && { start: attributes.start - 1, end: attributes.end },
    signature: windowOf(signer.signature),
  };
  const isWhole = spans.dataGroups.size === groups.length && !Object.values(spans).includes(undefined);
  return isWhole ? (spans as Spans) : undefined;
}

/** What may not differ: everything around the spans that may. */
function between({ bytes, dataGroups, messageDigest, signingTime, signature }: Spans): readonly Span[] {
  const differing = [...dataGroups.values(), messageDigest, signingTime, signature];
  const ordered = differing.toSorted((a, b) => a.start - b.start);
  const starts = [0, ...ordered.map(({ end }) => end)];
  const ends = [...ordered.map(({ start }) => start), bytes.length];
  return starts.map((start, index) => ({ start, end: ends[index] ?? bytes.length }));
}

/** Undefined when one of the moments is such an instant itself. */
function steadyAround(moments: readonly Date[], instants: readonly Date[]): Span | undefined {
  const first = Math.min(...moments.map(Number));
  const last = Math.max(...moments.map(Number));
  const times = instants.map(Number);
  if (times.some((time) => time >= first && time <= last)) return undefined;
  const start = Math.max(...times.filter((time) => time < first), Number.NEGATIVE_INFINITY);
  const end = Math.min(...times.filter((time) => time > last), Number.POSITIVE_INFINITY);
  return { start, end };
}

function isSameOrder(one: SodIntent, other: SodIntent): boolean {
  return (
    one.keyId === other.keyId &&
    one.digestAlgorithm === other.digestAlgorithm &&
    one.lds.version === other.lds.version &&
    unicodeVersionOf(one.lds) === unicodeVersionOf(other.lds) &&
    one.dataGroupHashes.size === other.dataGroupHashes.size
  );
}

/** `YYMMDDHHMMSSZ` (RFC 5652 §11.3); of a year that UTCTime cannot have it is not found in any file. */
function utcTime(instant: Date): string {
  const digits = instant.toISOString().replaceAll(/[^0-9]/g, '');
  return digits < '2050' ? `${digits.slice(2, 14)}Z` : '';
}

function part(octets: Uint8Array, { start, end }: Span): Uint8Array {
  return octets.subarray(start, end);
}
