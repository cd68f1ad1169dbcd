import { MalformedInput } from '../../formats/malformed-input.ts';
import { type LintWaiver, parseWaivers } from '../../rules/profile/waivers.ts';
import { policyDigest } from '../../rules/profile/policies.ts';
import type { ArchiveRecords, PolicySetRecord, WaivedRecord } from '../ports.ts';
import type { Defect } from './recheck.ts';

const file = 'policies/waivers.yaml';

/**
 * Holds every finding that is on record as waived against the text of the policies of its digest: they must waive that
 * rule, for that reason, until that day, which was not over. Policies without text on record, or with another one than
 * their digest, are told elsewhere.
 *
 * @returns notes where a text is of a version that cannot be read any more
 */
export function recheckWaivers(archive: Pick<ArchiveRecords, 'policySets' | 'waivedFindings'>): {
  readonly defects: readonly Defect[];
  readonly notes: readonly Defect[];
} {
  const defects: Defect[] = [];
  const notes: Defect[] = [];
  const sets = new Map(archive.policySets().map((set) => [set.digest, set]));
  const byDigest = Map.groupBy(archive.waivedFindings(), (finding) => finding.policyDigest);
  for (const [digest, findings] of byDigest) {
    const set = sets.get(digest);
    if (set === undefined || policyDigest(set.files) !== digest) continue;
    try {
      const waivers = waiversOf(set);
      for (const finding of findings) defects.push(...defectsOf(finding, waivers));
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error;
      const detail = `their waivers cannot be read by this version of Sigillo (${error.message})`;
      notes.push({ about: `policies ${digest}`, detail });
    }
  }
  return { defects, notes };
}

function waiversOf({ files }: PolicySetRecord): readonly LintWaiver[] {
  const source = files.find((candidate) => candidate.file === file);
  return source === undefined ? [] : parseWaivers(source);
}

/** What a finding or object on record is called. */
export function nameOf({ about, number }: Pick<WaivedRecord, 'about' | 'number'>): string {
  return about === 'crl' ? `CRL ${number}` : `certificate ${number.toString(16)}`;
}

export function day(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

function defectsOf(finding: WaivedRecord, waivers: readonly LintWaiver[]): readonly Defect[] {
  const { rule, reason, until, policyDigest: digest, at } = finding;
  const detail = whatDiffers(
    finding,
    waivers.find(({ id }) => id === rule),
  );
  if (detail === undefined) return [];
  const where = `the policies ${digest} ${detail}`;
  return [
    {
      about: nameOf(finding),
      detail: `${rule} was set aside on ${day(at)} until ${day(until)} (${reason}), and ${where}`,
      mend: `read them (sigillo policies --digest ${digest}); where the waiver was never decided on, revoke what was issued, and find out who changed the records`,
    },
  ];
}

function whatDiffers(
  { reason, until, at }: WaivedRecord,
  waiver: LintWaiver | undefined,
): string | undefined {
  if (waiver === undefined) return `waive no such rule (${file})`;
  if (at > waiver.until) return `waived it until ${day(waiver.until)} only (${file})`;
  if (waiver.until.getTime() === until.getTime() && waiver.reason === reason) return undefined;
  return `waive it until ${day(waiver.until)}: ${waiver.reason} (${file})`;
}
