import type { Severity } from '../../formats/note.ts';
import type { Edition } from './edition.ts';

/**
 * Field and number of a conformance code of the ICAO PKD, e.g. `BKU.19`; severity and object are put in front
 * for a finding. Where CSCA and other certificates have different numbers, both.
 */
export type PkdCode = string | { readonly csca: string; readonly signer: string };

/** A rule in words. */
export interface RuleDescription {
  /** Stable: waivers, pipelines and documents name it. */
  readonly id: string;
  /** What must hold, one sentence without full stop. */
  readonly title: string;
  /** MUST is an error, SHOULD a warning; what Doc 9303 leaves open is no error. */
  readonly severity: Severity;
  /** The clause; `good practice` where the standard does not ask for it. */
  readonly source: string;
  /** How to put it right, an imperative sentence without full stop. */
  readonly mend: string;
  readonly pkdCode?: PkdCode;
}

/** What every rule knows of what it judges. */
export interface LintContext {
  /** Of what is judged, e.g. `document-signer`, `crl`. */
  readonly kind: string;
  readonly edition: Edition;
}

/** One rule of Doc 9303, in words and as code. */
export interface Rule<Context extends LintContext> extends RuleDescription {
  /** Whether the rule concerns this kind under this edition; one that does not say so concerns all. */
  appliesTo?(kind: Context['kind'], edition: Edition): boolean;
  /** Inputs without which the rule cannot be judged. */
  readonly needs?: readonly (keyof Context & string)[];
  /** What breaks the rule, each a phrase; empty when it holds. */
  findings(context: Context): readonly string[];
}

/** A context in which the named inputs are there. */
export type With<Context, Name extends keyof Context> = Context & {
  readonly [Input in Name]-?: Exclude<Context[Input], undefined>;
};

/** A rule that cannot be judged without the named inputs. */
export type RuleWith<Context extends LintContext, Name extends keyof Context & string> = Omit<
  Rule<Context>,
  'needs' | 'findings'
> & { findings(context: With<Context, Name>): readonly string[] };

/** What a rule says, for one that says the same of another kind of object. */
export function wordsOf(rule: RuleDescription): Omit<RuleDescription, 'id'> {
  const { title, severity, source, mend, pkdCode } = rule;
  return { title, severity, source, mend, ...(pkdCode === undefined ? {} : { pkdCode }) };
}
