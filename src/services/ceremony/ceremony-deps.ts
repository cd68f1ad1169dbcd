import type { Witness } from '../../rules/ceremony/transcript.ts';
import { Refused } from '../errors.ts';
import type { ExchangeDeps } from '../exchange/exchange-deps.ts';
import type { TokenStatus } from '../ports.ts';
import type { CeremonyFolder } from './ceremony-folder.ts';

export interface CeremonyDeps extends ExchangeDeps {
  readonly folder: CeremonyFolder;
  readonly environment: 'development' | 'production';
  /** Name and version of this program. */
  readonly software: string;
  readonly token: TokenStatus;
  /** The seal of the ceremony before this one in the instance; undefined for the first. */
  readonly before: PreviousCeremony | undefined;
}

/** The last line of the ceremony before. */
export interface PreviousCeremony {
  readonly ceremony: string;
  readonly isSealed: boolean;
  readonly head: string | null;
  readonly at: Date;
}

export type Present = readonly Witness[];

/** A refusal by a rule of docs/ceremony.md, before anything is made. */
export function ceremonyRefusal(rule: string, detail: string, field: string, mend: string): Refused {
  return new Refused('policy', detail, { rule, field, source: 'docs/ceremony.md', mend });
}
