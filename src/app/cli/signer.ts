import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { initialiseToken } from '../../../hsm/softhsm.ts';
import { parseConfiguration, withAbsolutePaths } from '../instance/configuration.ts';
import { runSigner } from '../signer-process.ts';
import { homePath } from './instance-options.ts';

interface SignerOptions {
  readonly home?: string;
  readonly token: string;
  readonly sessions?: number;
  readonly initialiseToken?: string;
}

/** `sigillo signer`: a signer process, started by the service; nobody starts it by hand. */
export function registerSigner(program: Command): void {
  program
    .command('signer')
    .description('the process that holds the token; started by serve')
    .option('--home <dir>', 'folder of the instance', homePath)
    .option('--token <name>', 'which token of the instance', 'token')
    .option('--sessions <n>', 'other than configured, for a measurement', Number)
    .option(
      '--initialise-token <file>',
      'initialise the development token that this sigillo.yaml names',
      homePath,
    )
    .action(async (options: SignerOptions) => {
      if (options.initialiseToken !== undefined) initialiseDevelopmentToken(options.initialiseToken);
      else if (options.home !== undefined) await runSigner(options.home, options.token, options.sessions);
      else program.error('error: signer needs --home', { exitCode: 2 });
    });
}

/** Only the development token: a state's is initialised with its vendor's tools, under its own ceremony. */
function initialiseDevelopmentToken(file: string): void {
  const source = { file, text: readFileSync(file, 'utf8') };
  const home = dirname(file);
  const { token } = withAbsolutePaths(parseConfiguration(source), home);
  Object.assign(process.env, token.environment);
  const secret = (path: string) => readFileSync(path, 'utf8').trim();
  initialiseToken(
    token.module,
    token.tokenLabel,
    secret(join(home, 'secrets', 'so-pin')),
    secret(token.pinFile),
  );
}
