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
import { type LogKeyDeps, retireLogKey, rotateLogKey } from '../../services/log/log-keys.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import type { KeyRole } from '../../services/ports.ts';
import { logSettings } from '../instance/configuration.ts';
import { writeTrust } from '../instance/establish-instance.ts';
import type { Instance } from '../instance/load-instance.ts';
import type { OpenInstance } from '../instance/open-instance.ts';
import { defaultHome, homePath } from './instance-options.ts';
import type { Screen } from './screen.ts';
import { withInstance } from './with-instance.ts';

interface RotateOptions {
  readonly home: string;
  readonly announce?: boolean;
  readonly retire?: boolean;
}

/** `sigillo rotate`: the next key of a profile now, or the change of the CSCA key. */
export function registerRotate(program: Command, screen: Screen): void {
  program
    .command('rotate')
    .description(
      'make the next key of a profile, or announce (--announce) and carry out a change of the CSCA key',
    )
    .argument('<profile>', 'csca, log, or a profile that sigillo.yaml plans')
    .option('--announce', 'csca only: tell receiving States; the change follows after the notice')
    .option('--retire', 'log only: end the older of its two keys')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .action(async (profile: string, { home, announce, retire }: RotateOptions) => {
      const say = (making: string) => screen.stdout.write(`making ${making}\n`);
      await withInstance(home, async (instance, open) => {
        const { issuance } = open;
        if (profile === 'log') {
          if (retire === true) await retireOlder(instance, open, screen);
          else await rotateLogKey(logDeps(instance, open), say);
          return;
        }
        if (retire === true) throw onlyTheLog();
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

function logDeps({ configuration }: Instance, { records, issuance }: OpenInstance): LogKeyDeps {
  return { ...issuance, log: records.log, settings: logSettings(configuration) };
}

async function retireOlder(instance: Instance, open: OpenInstance, screen: Screen): Promise<void> {
  const { label } = await retireLogKey(logDeps(instance, open));
  screen.stdout.write(`retired: ${label}. Its vkey stays, for what it has signed\n`);
}

function onlyTheLog(): Refused {
  return new Refused('policy', 'only a key of the log is retired by hand', {
    field: 'retire',
    mend: 'other keys are retired when their period is over, or with sigillo revoke',
  });
}

function plannedKey(
  plan: InstancePlan,
  policies: Policies,
  profile: string,
): { planned: PlannedKey; role: KeyRole } {
  if (isOffline(plan.csca)) {
    const isCsca = policies.profiles.get(profile)?.kind === 'csca';
    throw new Refused('key-not-active', 'the CSCA of this instance is on another machine', {
      field: 'profile',
      mend: isCsca
        ? 'a ceremony on that machine makes its next key (docs/ceremony.md, "A new CSCA key"); accept the response here'
        : `request the next key: sigillo ceremony request --profile ${profile}`,
    });
  }
  if (profile === plan.csca.profile) return { planned: plan.csca, role: 'csca' };
  const signers = plannedSigners(plan, policies);
  const signer = signers.find((candidate) => candidate.profile === profile);
  if (signer !== undefined) return { planned: signer, role: signer.role };
  const profiles = ['log', ...[plan.csca, ...signers].map((key) => key.profile)];
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
