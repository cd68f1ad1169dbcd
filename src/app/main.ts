#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { systemClock } from '../adapters/clock/index.ts';
import { registerBench } from './cli/bench.ts';
import { registerCeremony } from './cli/ceremony.ts';
import { registerCorpusTable } from './cli/corpus-table.ts';
import { registerCredential } from './cli/credential.ts';
import { explain } from './cli/explain.ts';
import { registerAudit, registerExport } from './cli/export.ts';
import { registerFind } from './cli/find.ts';
import { registerFsck } from './cli/fsck.ts';
import { registerInit } from './cli/init.ts';
import { registerInspect } from './cli/inspect.ts';
import { registerIssue } from './cli/issue.ts';
import { registerLint } from './cli/lint.ts';
import { registerPolicies } from './cli/policies.ts';
import { registerRecheck } from './cli/recheck.ts';
import { registerRevoke } from './cli/revoke.ts';
import { registerRotate } from './cli/rotate.ts';
import { registerServe } from './cli/serve.ts';
import { registerSigner } from './cli/signer.ts';
import { registerStart } from './cli/start.ts';
import { registerStatus } from './cli/status.ts';
import { registerToken } from './cli/token.ts';
import { registerTorture } from './cli/torture.ts';
import type { Screen } from './cli/screen.ts';
import { registerVerify } from './cli/verify.ts';

// A reader that has seen enough, such as head, is no failure of the command.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const screen: Screen = {
  stdout: process.stdout,
  stderr: process.stderr,
  isColoured: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  now: () => systemClock.now(),
  exit: (code) => {
    process.exitCode = code;
  },
};

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('sigillo')
  .description('Document-signing PKI of a state for ICAO Doc 9303 documents')
  .version(manifest.version)
  .showHelpAfterError('(sigillo COMMAND --help says more)')
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  });

registerStart(program, screen);
registerServe(program);
registerInit(program, screen);
registerStatus(program, screen);
registerCredential(program, screen);
registerIssue(program, screen);
registerCeremony(program, screen, `sigillo ${manifest.version}`);
registerRevoke(program, screen);
registerRotate(program, screen);
registerFind(program, screen);
registerRecheck(program, screen);
registerPolicies(program, screen);
registerFsck(program, screen);
registerExport(program, screen);
registerAudit(program, screen);
registerVerify(program, screen);
registerInspect(program, screen);
registerLint(program, screen);
registerCorpusTable(program, screen);
registerTorture(program, screen);
registerToken(program, screen);
registerSigner(program);
registerBench(program, screen);

try {
  await program.parseAsync();
} catch (error) {
  explain(error, screen);
  process.exitCode = 1;
}
