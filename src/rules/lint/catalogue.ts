import type { CertificateContext } from './certificate/context.ts';
import { certificateKinds, isOfEdition } from './certificate/kind.ts';
import { read as readCertificate } from './certificate/read.ts';
import { certificateRules } from './certificate/rules.ts';
import { read as readCrl } from './crl/read.ts';
import { crlRules } from './crl/rules.ts';
import { read as readDeviationList } from './deviation-list/read.ts';
import { deviationListRules } from './deviation-list/rules.ts';
import { type Edition, editions } from './edition.ts';
import { read as readMasterList } from './master-list/read.ts';
import { masterListRules } from './master-list/rules.ts';
import { type LintReport, unknownFormatRule } from './report.ts';
import type { LintContext, Rule, RuleDescription } from './rule.ts';
import { read as readSod } from './sod/read.ts';
import { sodRules } from './sod/rules.ts';
import { applyWaiversTo, type WaivedReport, type Waiver, waiverExpired } from './waivers.ts';

/** A rule with what it concerns, for documents. */
export interface CatalogueEntry extends RuleDescription {
  /** What it is about: certificates, CRLs and so on. */
  readonly object: string;
  /** Kinds that it concerns under an edition; an edition without any is left out. */
  readonly kinds: ReadonlyMap<Edition, readonly string[]>;
  /** Every kind of the object that the edition knows. */
  readonly allKinds: ReadonlyMap<Edition, readonly string[]>;
  /** Inputs without which it cannot be judged. */
  readonly needs: readonly string[];
}

/** Every rule, in the order of the catalogue. */
export const allRules: readonly CatalogueEntry[] = [
  described('file', unknownFormatRule),
  described('certificate', readCertificate),
  ...entries<CertificateContext>('certificate', certificateRules, certificateKinds, isOfEdition),
  described('CRL', readCrl),
  ...entries('CRL', crlRules, ['crl']),
  described('master list', readMasterList),
  ...entries('master list', masterListRules, ['master-list']),
  described('deviation list', readDeviationList),
  ...entries('deviation list', deviationListRules, ['deviation-list']),
  described('EF.SOD', readSod),
  ...entries('EF.SOD', sodRules, ['ef-sod']),
  described('waiver', waiverExpired),
];

function described(object: string, rule: RuleDescription): CatalogueEntry {
  return { ...rule, object, kinds: new Map(), allKinds: new Map(), needs: [] };
}

function entries<Context extends LintContext>(
  object: string,
  rules: readonly Rule<Context>[],
  kinds: readonly Context['kind'][],
  isOfEdition: (kind: Context['kind'], edition: Edition) => boolean = () => true,
): readonly CatalogueEntry[] {
  const allKinds = new Map(
    editions.map((edition) => [edition, kinds.filter((kind) => isOfEdition(kind, edition))] as const),
  );
  return rules.map((rule) => {
    const concerned = [...allKinds].map(([edition, all]) => {
      return [edition, all.filter((kind) => rule.appliesTo?.(kind, edition) !== false)] as const;
    });
    return {
      ...rule,
      object,
      kinds: new Map(concerned.filter(([, of]) => of.length > 0)),
      allKinds,
      needs: rule.needs ?? [],
    };
  });
}

const knownIds: ReadonlySet<string> = new Set(allRules.map(({ id }) => id));

/**
 * Rules that policy may waive: those that certificates and CRLs are held to when they are issued. Lists and EF.SODs
 * keep every rule, and what cannot be read is never issued.
 */
export const waivableIds: ReadonlySet<string> = new Set(
  [...certificateRules, ...crlRules].map(({ id }) => id),
);

/**
 * Sets findings aside that the operator has waived, by rule, for a reason and until a day. An expired waiver sets
 * nothing aside and is a finding itself.
 *
 * @throws MalformedInput for a waiver of a rule that does not exist: it would waive nothing
 */
export function applyWaivers(report: LintReport, waivers: readonly Waiver[], at: Date): WaivedReport {
  return applyWaiversTo(report, waivers, at, knownIds);
}
