import type { Command } from 'commander';
import { Option } from 'commander';
import { type AccessRole, accessRoles } from '../../services/access/access-certificates.ts';
import { credentialPaths, makeCredential } from '../instance/credentials.ts';
import { defaultHome, holderName, homePath } from './instance-options.ts';
import type { Screen } from './screen.ts';
import { withInstance } from './with-instance.ts';

interface CredentialOptions {
  readonly home: string;
  readonly role: AccessRole;
}

/** `sigillo credential`: key and certificate for a station or a person, from the instance's access CA. */
export function registerCredential(program: Command, screen: Screen): void {
  program
    .command('credential')
    .description('make key and certificate for a station or a person; a running service accepts it at once')
    .argument('<name>', 'name of the holder', holderName)
    .addOption(
      new Option('--role <role>', 'what the holder may do').choices(accessRoles).makeOptionMandatory(),
    )
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .action(async (name: string, { home, role }: CredentialOptions) => {
      await withInstance(home, async ({ paths }, { issuance }) => {
        const isNew = await makeCredential(issuance, paths.credentials, { name, role });
        const { cert } = credentialPaths(paths.credentials, name);
        if (isNew) screen.stdout.write(`made ${cert}\n`);
        else screen.stderr.write(`sigillo: ${cert} is there already; nothing was made\n`);
        screen.exit(isNew ? 0 : 1);
      });
    });
}
