import type { Note, Severity } from '../../formats/note.ts';
import { type Effect, type FindingCode, findingKinds, severityOf } from './finding-codes.ts';
import type { Asking } from './signature-question.ts';

export type Verdict = 'TRUSTED' | 'TRUSTED_WITH_WARNINGS' | 'UNDETERMINED' | 'INVALID' | 'UNREADABLE';

export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  /** One sentence for people. */
  readonly detail: string;
  /** The clause that asks for something else. */
  readonly source: string;
}

/** One step of an examination, also when there was nothing to find. */
export interface Step {
  readonly name: string;
  readonly outcome: 'ok' | 'finding' | 'skipped';
}

export interface Report {
  /** What was examined: `ef-sod`, `certificate`, `crl`, `master-list`, `unknown`. */
  readonly kind: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly steps: readonly Step[];
}

/** Whether a verdict lets a traveller pass this check: the answer to a yes-or-no question. */
export function holds(verdict: Verdict): boolean {
  return verdict === 'TRUSTED' || verdict === 'TRUSTED_WITH_WARNINGS';
}

/** Collects what is found, step by step, and draws the verdict from it. */
export class Examination {
  readonly #requireCrl: boolean;
  readonly #findings: Finding[] = [];
  readonly #effects = new Set<Effect>();
  readonly #steps: Step[] = [];

  constructor(options: { readonly requireCrl?: boolean | undefined } = {}) {
    this.#requireCrl = options.requireCrl ?? false;
  }

  /** Runs one step; its outcome is `finding` when it finds more than remarks. */
  step<Result>(name: string, check: () => Result): Result {
    const before = this.#weight();
    const result = check();
    this.#steps.push({ name, outcome: this.#weight() > before ? 'finding' : 'ok' });
    return result;
  }

  /** As `step`, for one that asks for signatures. */
  *askingStep<Result>(name: string, check: Asking<Result>): Asking<Result> {
    const before = this.#weight();
    const result = yield* check;
    this.#steps.push({ name, outcome: this.#weight() > before ? 'finding' : 'ok' });
    return result;
  }

  skip(...names: readonly string[]): void {
    for (const name of names) this.#steps.push({ name, outcome: 'skipped' });
  }

  /** @param as what the finding does to the verdict where that is not what it usually does */
  find(code: FindingCode, detail: string, as?: Effect): void {
    const { source } = findingKinds[code];
    const effect: Effect = as ?? findingKinds[code].effect;
    this.#effects.add(effect === 'crl' ? (this.#requireCrl ? 'undetermined' : 'warning') : effect);
    this.#findings.push({ code, severity: severityOf(effect, this.#requireCrl), detail, source });
  }

  /** Takes over what a decoder noted. It warns at most: what it could not read at all it threw. */
  note(about: string, notes: readonly Note[], cap: 'warning' | 'info' = 'warning'): void {
    for (const { code, severity, detail, source } of notes) {
      const capped = severity === 'info' ? 'info' : cap;
      if (capped === 'warning') this.#effects.add('warning');
      this.#findings.push({ code, severity: capped, detail: `${about}: ${detail}`, source });
    }
  }

  report<Kind extends string>(kind: Kind): Report & { readonly kind: Kind } {
    return { kind, verdict: this.#verdict(), findings: this.#findings, steps: this.#steps };
  }

  #weight(): number {
    return this.#findings.filter((finding) => finding.severity !== 'info').length;
  }

  #verdict(): Verdict {
    if (this.#effects.has('unreadable')) return 'UNREADABLE';
    if (this.#effects.has('invalid')) return 'INVALID';
    if (this.#effects.has('undetermined')) return 'UNDETERMINED';
    return this.#effects.has('warning') ? 'TRUSTED_WITH_WARNINGS' : 'TRUSTED';
  }
}
