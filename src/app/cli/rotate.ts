import type { Command } from 'commander';
import { Refused } from '../../services/errors.ts';
import {
  isOffline,
  makeCertifiedKey,
  type InstancePlan,
  type PlannedKey,
  plannedSigners,
} from '../../services/issuance/establish.ts';
import { announceRollover, rollOver } from '../../services/keys/csca-rollover.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import type { KeyRole } from '../../services/ports.ts';
import { writeTrust } from '../instance/establish-instance.ts';
import { defaultHome, homePath } from './instance-options.ts';
import type { Screen } from './screen.ts';
import { withInstance } from './with-instance.ts';

interface RotateOptions {
  readonly home: string;
  readonly announce?: boolean;
}

/** `sigillo rotate`: the next key of a profile now, or the change of the CSCA key. */
export function registerRotate(program: Command, screen: Screen): void {
  program
    .command('rotate')
    .description(
      'make the next key of a profile, or announce (--announce) and carry out a change of the CSCA key',
    )
    .argument('<profile>', 'csca, or a profile that sigillo.yaml plans')
    .option('--announce', 'csca only: tell receiving States; the change follows after the notice')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .action(async (profile: string, { home, announce }: RotateOptions) => {
      const say = (making: string) => screen.stdout.write(`making ${making}\n`);
      await withInstance(home, async (instance, { issuance }) => {
        const { keys } = instance.configuration;
        const { planned, role } = plannedKey(keys, instance.policies, profile);
        if (announce === true) {
          assertCsca(role);
          const { notBefore } = await announceRollover(issuance);
          screen.stdout.write(`announced: the CSCA key changes no sooner than ${notBefore.toISOString()}\n`);
          return;
        }
        if (role === 'csca') await rollOver(issuance, planned, say);
        else {
          const certificates = await issuance.records.certificates();
          const number = certificates.filter((record) => record.profile === planned.profile).length + 1;
          await makeCertifiedKey(issuance, { planned, role, number }, say);
        }
        await writeTrust(instance, issuance);
      });
    });
}

function plannedKey(
  plan: InstancePlan,
  policies: Policies,
  profile: string,
): { planned: PlannedKey; role: KeyRole } {
  if (isOffline(plan.csca)) {
    throw new Refused('key-not-active', 'the CSCA of this instance is on another machine', {
      field: 'profile',
      mend: `request the next key: sigillo ceremony request --profile ${profile}`,
    });
  }
  if (profile === plan.csca.profile) return { planned: plan.csca, role: 'csca' };
  const signers = plannedSigners(plan, policies);
  const signer = signers.find((candidate) => candidate.profile === profile);
  if (signer !== undefined) return { planned: signer, role: signer.role };
  const profiles = [plan.csca, ...signers].map((key) => key.profile);
  throw new Refused('policy', `sigillo.yaml plans no key of the profile ${profile}`, {
    field: 'profile',
    mend: `use one of ${profiles.join(', ')}`,
  });
}

function assertCsca(role: KeyRole): void {
  if (role === 'csca') return;
  throw new Refused('policy', 'only a change of the CSCA key is announced', {
    field: 'announce',
    mend: 'leave --announce out',
  });
}
