/**
 * revokedCertificates as they lie in memory. A state's CRL grows to 100,000 entries; read as elements they cost a
 * hundred times their own octets, and a service that does nothing else for half a second.
 */

/** Where the parts of one entry are. */
interface EntryAt {
  /** Octets of the INTEGER's content. */
  serialStart: number;
  serialEnd: number;
  /** revocationDate as the number YYYYMMDDhhmmss. */
  time: number;
  end: number;
}

/** The start of every so many-th entry is kept; to the others it is a short walk. */
const markEvery = 64;

/**
 * Entries in the usual form, which is the only one that Doc 9303 knows: a positive serial number of at most 20
 * octets, the time as RFC 5280 has it, no extensions, everything DER.
 */
export class RevokedEntries {
  /** The entries, one after the other. */
  readonly octets: Uint8Array;
  readonly length: number;
  /** Each serial number is greater than the one before, so that none occurs twice. */
  readonly isAscending: boolean;
  /** The latest revocationDate as the number YYYYMMDDhhmmss; 0 where nothing is revoked. */
  readonly latestTime: number;
  /** Where every `markEvery`-th entry starts, the first one too. */
  readonly #marks: readonly number[];

  static readonly none = new RevokedEntries(new Uint8Array(), [], {
    length: 0,
    isAscending: true,
    latestTime: 0,
  });

  private constructor(
    octets: Uint8Array,
    marks: readonly number[],
    found: { length: number; isAscending: boolean; latestTime: number },
  ) {
    this.octets = octets;
    this.#marks = marks;
    this.length = found.length;
    this.isAscending = found.isAscending;
    this.latestTime = found.latestTime;
  }

  /** @returns undefined when any entry has another form; the general reader then says which and why */
  static read(octets: Uint8Array): RevokedEntries | undefined {
    const entry: EntryAt = { serialStart: 0, serialEnd: 0, time: 0, end: 0 };
    const marks: number[] = [];
    let length = 0;
    let isAscending = true;
    let latestTime = 0;
    for (let position = 0; position < octets.length; position = entry.end) {
      const { serialStart, serialEnd } = entry;
      if (!readEntry(octets, position, entry)) return undefined;
      if (length > 0 && isAscending) {
        isAscending = compareSerials(octets, serialStart, serialEnd, octets, entry) < 0;
      }
      latestTime = Math.max(latestTime, entry.time);
      if (length % markEvery === 0) marks.push(position);
      length += 1;
    }
    return new RevokedEntries(octets, marks, { length, isAscending, latestTime });
  }

  /** All octets in windows of about `most`, each of whole entries. */
  *pieces(most: number): Generator<Uint8Array, void, void> {
    const step = Math.max(1, Math.floor(most / (markEvery * longestEntry)));
    for (let mark = 0; mark < this.#marks.length; mark += step) {
      yield this.octets.subarray(this.#marks[mark], this.#marks[mark + step] ?? this.octets.length);
    }
  }

  /** The serial number of the last one, as content octets; empty where there is none. */
  get lastSerialNumber(): Uint8Array {
    let last = this.#marks.at(-1);
    if (last === undefined) return new Uint8Array();
    while (this.#after(last) < this.octets.length) last = this.#after(last);
    return this.#serialNumberOf(last);
  }

  get firstSerialNumber(): Uint8Array {
    return this.length === 0 ? new Uint8Array() : this.#serialNumberOf(0);
  }

  /**
   * Octets of the entry with a serial number, in an ascending list.
   *
   * @param serialNumber content octets of a positive INTEGER, as short as possible
   */
  find(serialNumber: Uint8Array): Uint8Array | undefined {
    const compare = (start: number) => compareSerialNumbers(this.#serialNumberOf(start), serialNumber);
    let low = 0;
    let high = this.#marks.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (compare(this.#marks[middle] ?? 0) <= 0) low = middle;
      else high = middle;
    }
    const end = this.#marks[high] ?? this.octets.length;
    let start = this.#marks[low] ?? end;
    while (start < end && compare(start) < 0) start = this.#after(start);
    const isThere = start < end && compare(start) === 0;
    return isThere ? this.octets.subarray(start, this.#after(start)) : undefined;
  }

  /**
   * Where entries of `other` have their places among these, as offsets in both; both lists are ascending.
   *
   * @param from of these; all before it are less than those of `other`
   */
  *placesOf(other: RevokedEntries, from = 0): Generator<{ place: number; start: number }, void, void> {
    let place = from;
    for (let start = 0; start < other.octets.length; start = other.#after(start)) {
      while (place < this.octets.length && this.#compareAt(place, other, start) < 0) {
        place = this.#after(place);
      }
      yield { place, start };
    }
  }

  /** Serial numbers that `other` lacks, as content octets; both lists are ascending. */
  *missingFrom(other: RevokedEntries): Generator<Uint8Array, void, void> {
    let place = 0;
    for (let start = 0; start < this.octets.length; start = this.#after(start)) {
      while (place < other.octets.length && this.#compareAt(start, other, place) > 0) {
        place = other.#after(place);
      }
      const isThere = place < other.octets.length && this.#compareAt(start, other, place) === 0;
      if (!isThere) yield this.#serialNumberOf(start);
    }
  }

  /** Where the entry that starts here ends. */
  #after(start: number): number {
    return start + 2 + (this.octets[start + 1] ?? 0);
  }

  #serialNumberOf(start: number): Uint8Array {
    return this.octets.subarray(start + 4, this.#serialEnd(start));
  }

  #serialEnd(start: number): number {
    return start + 4 + (this.octets[start + 3] ?? 0);
  }

  #compareAt(start: number, other: RevokedEntries, otherStart: number): number {
    const serial = { serialStart: otherStart + 4, serialEnd: other.#serialEnd(otherStart) };
    return compareSerials(this.octets, start + 4, this.#serialEnd(start), other.octets, serial);
  }
}

/** An instant as the number YYYYMMDDhhmmss in UTC. */
export function timeNumber(instant: Date): number {
  const day = instant.getUTCFullYear() * 10_000 + (instant.getUTCMonth() + 1) * 100 + instant.getUTCDate();
  const clock = instant.getUTCHours() * 10_000 + instant.getUTCMinutes() * 100 + instant.getUTCSeconds();
  return day * 1_000_000 + clock;
}

const longestSerialNumber = 20;
/** Two octets of header, a serial number of 20 octets and GeneralizedTime with theirs. */
export const longestEntry = 2 + 22 + 17;

/** @returns false unless there is an entry in the usual form */
function readEntry(octets: Uint8Array, start: number, entry: EntryAt): boolean {
  const length = octets[start + 1] ?? 0xff;
  const serialLength = octets[start + 3] ?? 0xff;
  entry.serialStart = start + 4;
  entry.serialEnd = entry.serialStart + serialLength;
  entry.end = start + 2 + length;
  const isEntry = octets[start] === 0x30 && length < 0x80 && entry.end <= octets.length;
  return isEntry && octets[start + 2] === 0x02 && isUsualSerial(octets, entry) && readTime(octets, entry);
}

/** Positive, at most 20 octets, without redundant ones (RFC 5280 §4.1.2.2). */
function isUsualSerial(octets: Uint8Array, { serialStart, serialEnd }: EntryAt): boolean {
  const length = serialEnd - serialStart;
  const first = octets[serialStart] ?? 0x80;
  if (length < 1 || length > longestSerialNumber || first >= 0x80) return false;
  return first !== 0 || (length > 1 && (octets[serialStart + 1] ?? 0) >= 0x80);
}

/** UTCTime through 2049, GeneralizedTime from then on, both with seconds and Z (RFC 5280 §5.1.2.6). */
function readTime(octets: Uint8Array, entry: EntryAt): boolean {
  const start = entry.serialEnd;
  const isUtc = octets[start] === 0x17;
  const length = isUtc ? 13 : 15;
  const content = start + 2;
  const isTime = isUtc || octets[start] === 0x18;
  if (!isTime || octets[start + 1] !== length || content + length !== entry.end) return false;
  if (octets[entry.end - 1] !== 0x5a) return false;
  const yearEnd = content + length - 11;
  const year = isUtc
    ? fullYear(pair(octets, content))
    : pair(octets, content) * 100 + pair(octets, content + 2);
  const month = pair(octets, yearEnd);
  const day = pair(octets, yearEnd + 2);
  const hour = pair(octets, yearEnd + 4);
  const minute = pair(octets, yearEnd + 6);
  const second = pair(octets, yearEnd + 8);
  // What is no number is in no range.
  const isInRange = month >= 1 && month <= 12 && day >= 1 && hour < 24 && minute < 60 && second < 60;
  if (!isInRange || day > daysOf(year, month) || !(year >= (isUtc ? 1950 : 2050))) return false;
  entry.time = (year * 10_000 + month * 100 + day) * 1_000_000 + hour * 10_000 + minute * 100 + second;
  return true;
}

function pair(octets: Uint8Array, at: number): number {
  const tens = (octets[at] ?? 0) - 0x30;
  const ones = (octets[at + 1] ?? 0) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** RFC 5280 §4.1.2.5.1. */
function fullYear(twoDigits: number): number {
  return twoDigits + (twoDigits >= 50 ? 1900 : 2000);
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return isLeap ? 29 : 28;
}

/** Of content octets of positive INTEGERs. @returns less than, equal to or more than 0 */
export function compareSerialNumbers(a: Uint8Array, b: Uint8Array): number {
  return compareSerials(a, 0, a.length, b, { serialStart: 0, serialEnd: b.length });
}

/** Of positive INTEGERs without redundant octets the longer one is the greater. */
function compareSerials(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  { serialStart, serialEnd }: Pick<EntryAt, 'serialStart' | 'serialEnd'>,
): number {
  const length = aEnd - aStart;
  if (length !== serialEnd - serialStart) return length - (serialEnd - serialStart);
  for (let index = 0; index < length; index += 1) {
    const difference = (a[aStart + index] ?? 0) - (b[serialStart + index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
