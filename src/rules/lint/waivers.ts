import { MalformedInput } from '../../formats/malformed-input.ts';
import type { LintFinding, LintReport } from './report.ts';
import { verdictOf } from './report.ts';
import type { RuleDescription } from './rule.ts';

/** A rule that an operator has decided not to hold to, for a reason and until a day. */
export interface Waiver {
  /** Id of the rule. */
  readonly id: string;
  readonly reason: string;
  /** The last instant at which it counts. */
  readonly until: Date;
}

export interface WaivedFinding extends LintFinding {
  readonly reason: string;
  readonly until: Date;
}

export interface WaivedReport extends LintReport {
  readonly waived: readonly WaivedFinding[];
}

/** Judged where waivers are applied. */
export const waiverExpired: RuleDescription = {
  id: 'W-EXPIRED',
  title: 'a waiver is not over',
  severity: 'warning',
  source: 'policy of the issuer',
  mend: 'mend what was waived, or decide anew and write a later end',
};

/**
 * Sets findings aside that the operator has waived. An expired waiver sets nothing aside and is a finding itself.
 *
 * @param known ids of all rules
 * @throws MalformedInput for a waiver of a rule that does not exist: it would waive nothing
 */
export function applyWaiversTo(
  report: LintReport,
  waivers: readonly Waiver[],
  at: Date,
  known: ReadonlySet<string>,
): WaivedReport {
  const unknown = waivers.find(({ id }) => !known.has(id));
  if (unknown !== undefined) throw new MalformedInput('waivers', `there is no rule ${unknown.id} to waive`);
  const current = new Map(waivers.filter(({ until }) => at <= until).map((waiver) => [waiver.id, waiver]));
  const waived: WaivedFinding[] = [];
  const findings: LintFinding[] = [];
  for (const finding of report.findings) {
    const waiver = current.get(finding.code);
    if (waiver === undefined) findings.push(finding);
    else waived.push({ ...finding, reason: waiver.reason, until: waiver.until });
  }
  for (const waiver of waivers) if (!current.has(waiver.id)) findings.push(expired(waiver));
  const isUnreadable = report.verdict === 'UNREADABLE';
  return { ...report, findings, waived, verdict: isUnreadable ? 'UNREADABLE' : verdictOf(findings) };
}

function expired({ id, until }: Waiver): LintFinding {
  const { id: code, severity, source, mend } = waiverExpired;
  const detail = `the waiver of ${id} was over on ${until.toISOString().slice(0, 10)}`;
  return { code, severity, detail, source, mend, pkdCode: undefined };
}
