import { mkdirSync } from 'node:fs';
import type { Command } from 'commander';
import { layOutDevelopment } from '../instance/development.ts';
import { establishInstance } from '../instance/establish-instance.ts';
import { establishLog } from '../instance/establish-log.ts';
import { loadInstance } from '../instance/load-instance.ts';
import { lockInstance, mainModule, openInstance } from '../instance/open-instance.ts';
import { defaultHome, defaultPortBase, homePath, portBase, shippedPolicies } from './instance-options.ts';
import type { Screen } from './screen.ts';

interface InitOptions {
  readonly home: string;
  readonly portBase: number;
}

/** `sigillo init`: makes an instance, or what an instance still lacks. */
export function registerInit(program: Command, screen: Screen): void {
  program
    .command('init')
    .description('make keys, certificates, CRL, master list and credentials that an instance lacks')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option(
      '--port-base <port>',
      'first of five ports of a new development instance',
      portBase,
      defaultPortBase,
    )
    .action(async ({ home, portBase }: InitOptions) => {
      mkdirSync(home, { recursive: true, mode: 0o700 });
      layOutDevelopment({ home, portBase, policies: shippedPolicies, main: mainModule });
      const instance = loadInstance(home);
      const unlock = lockInstance(home);
      const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
      try {
        await open.records.issuance.recordPolicies(instance.policies);
        await establishInstance(instance, open.issuance, (making) =>
          screen.stdout.write(`making ${making}\n`),
        );
        await establishLog(instance, open, (making) => screen.stdout.write(`making ${making}\n`));
      } finally {
        open.close();
        unlock();
      }
      screen.stdout.write(`the instance in ${home} has everything that its sigillo.yaml plans\n`);
    });
}
