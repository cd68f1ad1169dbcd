import { type Command, Option } from 'commander';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import {
  findCertificate,
  type RevocationReason,
  revocationReasons,
  revoke,
} from '../../services/crl/revoke.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { printable, type Screen } from './screen.ts';
import { withInstance } from './with-instance.ts';

interface RevokeOptions {
  readonly home: string;
  readonly reason: RevocationReason;
  readonly json?: boolean;
}

/** `sigillo revoke`: for good; a CRL with it follows within seconds where the service runs. */
export function registerRevoke(program: Command, screen: Screen): void {
  program
    .command('revoke')
    .description('revoke a certificate; the running service publishes the next CRL within seconds')
    .argument('<certificate>', 'serial number or SHA-256, hexadecimal')
    .addOption(
      new Option('--reason <reason>', 'kept in the records, never in the CRL')
        .choices(revocationReasons)
        .makeOptionMandatory(),
    )
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--json', 'one JSON object')
    .action(async (name: string, { home, reason, json }: RevokeOptions) => {
      await withInstance(home, async (_, { issuance }) => {
        const certificate = await findCertificate(issuance, name);
        await revoke(issuance, certificate, reason);
        const { subject } = decodeCertificate(certificate.der);
        const serialNumber = certificate.serialNumber.toString(16);
        const line =
          json === true
            ? JSON.stringify({ revoked: subject.display, serialNumber, reason })
            : `revoked ${printable(subject.display)}, serial number ${serialNumber}, reason ${reason}`;
        screen.stdout.write(`${line}\n`);
      });
    });
}
