import { completeCrl } from '../crl/publish-crl.ts';
import { completeMasterList } from '../masterlist/publish-master-list.ts';
import { Refused } from '../errors.ts';
import type { IssuanceIntent } from '../ports.ts';
import { completeCertificate } from './issue-certificate.ts';
import type { IssuanceDeps } from './issuance-deps.ts';
import { completeKeyPair } from './make-key-pair.ts';
import { countAgain } from './or-abandoned.ts';

/**
 * Completes every act of issuance that a crash left open, in the order in which they were begun. Nothing of
 * what they claimed is claimed again.
 *
 * @returns how many were completed
 */
export async function recoverIssuance(deps: IssuanceDeps): Promise<number> {
  const open = await deps.records.openIntents();
  for (const intent of open) {
    try {
      await countAgain(deps, intent);
      await complete(deps, intent);
    } catch (error) {
      // What may not be signed any more, because a policy has changed since, is on record as abandoned.
      if (!(error instanceof Refused)) throw error;
    }
  }
  return open.length;
}

async function complete(deps: IssuanceDeps, intent: IssuanceIntent): Promise<void> {
  switch (intent.kind) {
    case 'key':
      return completeKeyPair(deps, intent.order);
    case 'certificate':
      await completeCertificate(deps, intent.order);
      return;
    case 'crl':
      await completeCrl(deps, intent);
      return;
    case 'master-list':
      await completeMasterList(deps, intent);
  }
}
