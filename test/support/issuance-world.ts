import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import type { Policies } from '../../src/rules/profile/policies.ts';
import type { InstancePlan } from '../../src/services/issuance/establish.ts';
import type { IssuanceDeps } from '../../src/services/issuance/issuance-deps.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { shippedPolicies } from './policies.ts';
import { signerOver } from './signer-over.ts';
import { openTestToken, type TestToken } from './token.ts';
import { utopia } from './utopia.ts';

export const issuancePlan: InstancePlan = {
  csca: { profile: 'csca', keyAlgorithm: 'ecdsa-P-384-sha384' },
  documentSigners: [{ profile: 'dsc-passport', keyAlgorithm: 'ecdsa-P-256-sha256' }],
  masterListSigner: { profile: 'master-list-signer', keyAlgorithm: 'ecdsa-P-256-sha256' },
  otherSigners: [],
  accessCa: { profile: 'access-ca', keyAlgorithm: 'ecdsa-P-256-sha256' },
};

/** Issuance of a state on a token and records of its own; only the clock is simulated. */
export class IssuanceWorld {
  now = new Date('2026-11-01T00:00:00Z');
  readonly token: TestToken;
  readonly records: Records;
  readonly deps: IssuanceDeps;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigillo-issuance-world-'));
  readonly recordsPath = join(this.#folder, 'records.sqlite');

  /** @param token of another world, because a process holds one module */
  constructor(policies: Policies = shippedPolicies(), token: TestToken = openTestToken()) {
    this.token = token;
    const clock = { now: () => this.now };
    this.records = openRecords(this.recordsPath, clock);
    this.deps = {
      signer: signerOver(new SigningCore(this.token.token, policies, utopia)),
      records: this.records.issuance,
      clock,
      random: { octets: (count: number) => Uint8Array.from(randomBytes(count)) },
      policies,
      state: utopia,
    };
  }

  close(): void {
    this.closeRecords();
    this.token.remove();
  }

  /** Leaves the token to the world that it is of. */
  closeRecords(): void {
    this.records.close();
    rmSync(this.#folder, { recursive: true });
  }
}
