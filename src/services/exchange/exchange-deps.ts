import type { ExchangePartner } from '../../rules/exchange/exchange-key.ts';
import type { IssuanceDeps } from '../issuance/issuance-deps.ts';
import { Refused } from '../errors.ts';
import type { ExchangeRecords } from './exchange-records.ts';

/** What the exchange between the online instance and its CSCA needs besides what issuance needs. */
export interface ExchangeDeps extends IssuanceDeps {
  readonly exchange: ExchangeRecords;
  /** The random name of this instance. */
  readonly instanceId: string;
  /** The instance at the other end; undefined until it is pinned in `sigillo.yaml`. */
  readonly partner: ExchangePartner | undefined;
}

/** A refusal by a rule of docs/formats/exchange-bundle.md. */
export function bundleRefusal(rule: string, detail: string, field: string, mend: string): Refused {
  return new Refused('policy', detail, { rule, field, source: 'docs/formats/exchange-bundle.md', mend });
}

/** @throws Refused when `sigillo.yaml` pins no partner yet */
export function partnerOf(deps: Pick<ExchangeDeps, 'partner'>): ExchangePartner {
  if (deps.partner !== undefined) return deps.partner;
  throw bundleRefusal(
    'E-PARTNER',
    'this instance has no exchange partner',
    'exchange.partner',
    'run sigillo ceremony identity on the other machine and put what it prints into sigillo.yaml',
  );
}
