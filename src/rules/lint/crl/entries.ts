import type { Element } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import type { CertificateList } from '../../../formats/x509/crl.ts';
import { timeNumber } from '../../../formats/x509/revoked-entries.ts';
import { readRawExtensions } from '../x509/raw-extension.ts';
import { generalizedTimeFindings, timeChoiceFindings, utcTimeFindings } from '../x509/time-form.ts';
import { readRawCrl } from './raw-crl.ts';

/** What is wrong with the entries of a CRL, found in one pass: there may be 100,000 of them. */
export interface EntryScan {
  /** Serial numbers that occur again. */
  readonly duplicates: readonly string[];
  /** Serial numbers of entries that were revoked after thisUpdate. */
  readonly ofFuture: readonly string[];
  readonly timeFindings: readonly string[];
  /** How many entries have an extension, by OID. */
  readonly extensions: ReadonlyMap<string, number>;
}

/** A few examples tell as much as all of them. */
const mostExamples = 5;

/** @param list revokedCertificates that `decodeCrl` could read */
export function scanEntries(
  list: Element | undefined,
  { revokedCertificates: { ascending }, thisUpdate }: CertificateList,
): EntryScan {
  if (ascending !== undefined && ascending.latestTime <= timeNumber(thisUpdate)) return nothingWrong;
  const serialNumbers = new Set<string>();
  const duplicates: string[] = [];
  const ofFuture: string[] = [];
  const timeFindings: string[] = [];
  const extensions = new Map<string, number>();
  for (const entry of list?.elements('revokedCertificate') ?? []) {
    const fields = entry.fields();
    const serialNumber = hex(fields.next('userCertificate').content);
    const time = fields.next('revocationDate');
    if (serialNumbers.has(serialNumber)) keep(duplicates, serialNumber);
    serialNumbers.add(serialNumber);
    if (time.time() > thisUpdate) keep(ofFuture, serialNumber);
    for (const check of timeChecks) for (const finding of check(time)) keep(timeFindings, finding);
    const element = fields.optional(tags.sequence, 'crlEntryExtensions');
    for (const { oid } of element === undefined ? [] : readRawExtensions(element)) {
      extensions.set(oid, (extensions.get(oid) ?? 0) + 1);
    }
  }
  return { duplicates, ofFuture, timeFindings, extensions };
}

/** Entries in the usual form have nothing of what the rules look for. */
const nothingWrong: EntryScan = { duplicates: [], ofFuture: [], timeFindings: [], extensions: new Map() };

/** Serial numbers, hexadecimal, that a CRL lacks and the one before it lists. */
export function goneSince(previous: CertificateList, crl: CertificateList): readonly string[] {
  const before = previous.revokedCertificates.ascending;
  const now = crl.revokedCertificates.ascending;
  if (before !== undefined && now !== undefined) {
    return [...before.missingFrom(now)].map(hex);
  }
  const serialNumbersOf = ({ tbsBytes }: CertificateList) =>
    [...(readRawCrl(tbsBytes).revokedCertificates?.elements('revokedCertificate') ?? [])].map((entry) =>
      hex(entry.fields().next('userCertificate').content),
    );
  const listed = new Set(serialNumbersOf(crl));
  return serialNumbersOf(previous).filter((serialNumber) => !listed.has(serialNumber));
}

const timeChecks = [utcTimeFindings, generalizedTimeFindings, timeChoiceFindings];

function keep(examples: string[], example: string): void {
  if (examples.length < mostExamples) examples.push(example);
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}
