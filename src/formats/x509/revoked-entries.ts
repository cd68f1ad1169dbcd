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
  readonly #starts: Uint32Array;

  private constructor(
    octets: Uint8Array,
    starts: Uint32Array,
    found: { isAscending: boolean; latestTime: number },
  ) {
    this.octets = octets;
    this.#starts = starts;
    this.length = starts.length;
    this.isAscending = found.isAscending;
    this.latestTime = found.latestTime;
  }

  /** @returns undefined when any entry has another form; the general reader then says which and why */
  static read(octets: Uint8Array): RevokedEntries | undefined {
    const entry: EntryAt = { serialStart: 0, serialEnd: 0, time: 0, end: 0 };
    if (octets.length > 0 && !readEntry(octets, 0, entry)) return undefined;
    const starts = new Uint32Array(Math.floor(octets.length / shortestEntry));
    let count = 0;
    let isAscending = true;
    let latestTime = 0;
    for (let position = 0; position < octets.length; position = entry.end) {
      const { serialStart, serialEnd } = entry;
      if (!readEntry(octets, position, entry)) return undefined;
      if (count > 0 && isAscending) {
        isAscending = compareSerials(octets, serialStart, serialEnd, octets, entry) < 0;
      }
      latestTime = Math.max(latestTime, entry.time);
      starts[count] = position;
      count += 1;
    }
    return new RevokedEntries(octets, starts.slice(0, count), { isAscending, latestTime });
  }

  /** Octets of an entry, by its place. */
  at(index: number): Uint8Array {
    return this.octets.subarray(this.startOf(index), this.startOf(index + 1));
  }

  /** Offset of an entry in `octets`; of the one after the last their end. */
  startOf(index: number): number {
    return this.#starts[index] ?? this.octets.length;
  }

  serialNumberAt(index: number): Uint8Array {
    const start = this.startOf(index) + 4;
    return this.octets.subarray(start, start + (this.octets[start - 1] ?? 0));
  }

  /**
   * The place of a serial number in an ascending list.
   *
   * @param serialNumber content octets of a positive INTEGER, as short as possible
   */
  find(serialNumber: Uint8Array): number | undefined {
    const index = this.placeOf(serialNumber);
    const isThere =
      index < this.length && compareSerialNumbers(this.serialNumberAt(index), serialNumber) === 0;
    return isThere ? index : undefined;
  }

  /** How many entries of an ascending list come before a serial number. */
  placeOf(serialNumber: Uint8Array): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareSerialNumbers(this.serialNumberAt(middle), serialNumber) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Places of the entries whose serial numbers `other` lacks; both lists are ascending. */
  *missingFrom(other: RevokedEntries): Generator<number, void, void> {
    let place = 0;
    for (let index = 0; index < this.length; index += 1) {
      const serialNumber = this.serialNumberAt(index);
      while (place < other.length && compareSerialNumbers(other.serialNumberAt(place), serialNumber) < 0) {
        place += 1;
      }
      const isThere =
        place < other.length && compareSerialNumbers(other.serialNumberAt(place), serialNumber) === 0;
      if (!isThere) yield index;
    }
  }
}

/** An instant as the number YYYYMMDDhhmmss in UTC. */
export function timeNumber(instant: Date): number {
  const day = instant.getUTCFullYear() * 10_000 + (instant.getUTCMonth() + 1) * 100 + instant.getUTCDate();
  const clock = instant.getUTCHours() * 10_000 + instant.getUTCMinutes() * 100 + instant.getUTCSeconds();
  return day * 1_000_000 + clock;
}

/** Header, a serial number of one octet and UTCTime with theirs. */
const shortestEntry = 2 + 3 + 15;
const longestSerialNumber = 20;

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

function compareSerialNumbers(a: Uint8Array, b: Uint8Array): number {
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
