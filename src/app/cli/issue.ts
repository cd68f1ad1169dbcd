import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { toPem } from '../../formats/pem.ts';
import { issueForHolder } from '../../services/issuance/issue-for-holder.ts';
import { issuedLine, readCertificationRequest, withHolderOptions } from './certification-request.ts';
import { orUnreadable } from './files.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { overwriting, writeNew } from './new-file.ts';
import type { Screen } from './screen.ts';
import { withInstance } from './with-instance.ts';

interface IssueOptions {
  readonly home: string;
  readonly csr: string;
  readonly profile: string;
  readonly out: string;
  readonly name?: string;
  readonly host: readonly string[];
}

/** `sigillo issue`: a certificate of the CSCA for a key that lives with its holder (docs/requests.md). */
export function registerIssue(program: Command, screen: Screen): void {
  const command = program
    .command('issue')
    .description('certify the key of a holder outside (TLS, SPOC) from its PKCS#10 request')
    .requiredOption('--csr <file>', 'PKCS#10 request, PEM or DER', homePath)
    .requiredOption('--profile <name>', 'profile of the certificate, e.g. communication')
    .requiredOption('--out <file>', 'certificate to write, PEM', homePath);
  withHolderOptions(command)
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .action((options: IssueOptions) => orUnreadable(screen, () => issue(options, screen)));
}

async function issue({ home, csr, profile, out, name, host }: IssueOptions, screen: Screen): Promise<void> {
  if (existsSync(out)) throw overwriting(out);
  const der = readCertificationRequest(csr);
  await withInstance(home, async (_, { issuance }) => {
    const record = await issueForHolder(issuance, { csr: der, profile, name, hosts: host });
    writeNew(out, Uint8Array.from(Buffer.from(toPem('CERTIFICATE', record.der))));
    screen.stdout.write(`issued ${issuedLine(record)}\n  ${out}\n`);
  });
}
