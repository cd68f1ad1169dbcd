import type { LintReport, WaivedReport } from '../../rules/lint/index.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import type { WaivedRecord } from '../ports.ts';

/**
 * Refuses what the lint finds errors in, before it is signed.
 *
 * @throws Refused `policy` naming the first rule, its clause and the mend
 */
export function refuseUnlessClean(report: LintReport, what: string): void {
  if (report.verdict === 'UNREADABLE')
    throw new InvariantBroken(`${what} cannot be read before it is signed`);
  const error = report.findings.find(({ severity }) => severity === 'error');
  if (error === undefined) return;
  const { code, detail, source, mend } = error;
  throw new Refused('policy', `${what} breaks ${code}: ${detail}`, { rule: code, source, mend });
}

/** The same on the finished object, where an error means that what was signed is not what was held against the rules. */
export function assertClean(report: LintReport, what: string): void {
  if (report.verdict !== 'ERRORS' && report.verdict !== 'UNREADABLE') return;
  const errors = report.findings.filter(({ severity }) => severity === 'error');
  throw new InvariantBroken(
    `${what} breaks ${errors.map(({ code, detail }) => `${code} (${detail})`).join(', ')}`,
  );
}

/** What policy has set aside in a report, to be put on record with what it is about. */
export function waivedRecords(
  { waived }: WaivedReport,
  issued: Pick<WaivedRecord, 'about' | 'number' | 'policyDigest' | 'at'>,
): readonly WaivedRecord[] {
  return waived.map(({ code, detail, reason, until }) => ({ ...issued, rule: code, detail, reason, until }));
}
