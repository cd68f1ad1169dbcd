import { once } from 'node:events';
import type { Command } from 'commander';
import { pino } from 'pino';
import { loadInstance } from '../instance/load-instance.ts';
import { startService } from '../service.ts';
import { defaultHome, homePath } from './instance-options.ts';

interface ServeOptions {
  readonly home: string;
}

/** `sigillo serve`: the service of an instance, logging JSON lines to standard output. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('serve an instance: station API, distribution, metrics and health')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .action(async ({ home }: ServeOptions) => {
      const log = pino({ level: 'info', base: { pid: process.pid } });
      const service = await startService(loadInstance(home), log, (making) => log.info({ making }, 'making'));
      await untilToldToEnd();
      log.info('stopping');
      await service.close();
    });
}

/** SIGINT or SIGTERM. */
export async function untilToldToEnd(): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  await Promise.race([once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })]);
  ended.abort();
}
