import type graphene from 'graphene-pk11';
import { Unavailable } from '../src/services/errors.ts';

/** What names a token. Slots move when tokens come and go, so their numbers never do. */
export interface TokenName {
  readonly tokenLabel: string;
  /** Needed where several tokens have this label. */
  readonly serialNumber?: string | undefined;
}

/** @throws Unavailable when no token is named so, or more than one */
export function findSlot(module: graphene.Module, { tokenLabel, serialNumber }: TokenName): graphene.Slot {
  const labelled = [...module.getSlots(true)]
    .map((slot) => ({ slot, token: slot.getToken() }))
    .filter(({ token }) => token.label.trim() === tokenLabel)
    .map(({ slot, token }) => ({ slot, serialNumber: token.serialNumber.trim() }));
  const named = labelled.filter(
    (candidate) => serialNumber === undefined || candidate.serialNumber === serialNumber,
  );
  const [found] = named;
  if (found !== undefined && named.length === 1) return found.slot;
  const serialNumbers = labelled.map((candidate) => candidate.serialNumber).join(', ');
  if (named.length > 1) {
    throw unavailable(
      `${named.length} tokens are labelled ${tokenLabel} (serial numbers ${serialNumbers})`,
      'give each token a label of its own, or say which with token.serialNumber in sigillo.yaml',
    );
  }
  if (labelled.length > 0) {
    throw unavailable(
      `no token labelled ${tokenLabel} has serial number ${serialNumber}; there is ${serialNumbers}`,
      'connect the token, or correct token.serialNumber in sigillo.yaml',
    );
  }
  throw unavailable(
    `no token is labelled ${tokenLabel}`,
    'connect the token, or correct token.tokenLabel in sigillo.yaml',
  );
}

function unavailable(detail: string, mend: string): Unavailable {
  return new Unavailable('token', detail, {
    outcome: 'not-applied',
    mend,
    rule: 'token-label',
    source: 'docs/tokens.md',
  });
}
