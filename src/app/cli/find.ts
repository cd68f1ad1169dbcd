import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords } from '../../adapters/store/index.ts';
import { type ArchivedCertificate, findCertificates } from '../../services/archive/find-certificates.ts';
import { instancePaths } from '../instance/load-instance.ts';
import { describeCertificate } from './describe-certificate.ts';
import { renderDump } from './dump.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { paint, printable, type Screen } from './screen.ts';

interface FindOptions {
  readonly home: string;
  readonly serial?: string;
  readonly sha256?: string;
  readonly holder?: string;
  readonly validAt?: Date;
  readonly profile?: string;
  readonly out?: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

/** `sigillo find`: whatever was issued, by serial number, fingerprint, holder or time; from the records alone. */
export function registerFind(program: Command, screen: Screen): void {
  program
    .command('find')
    .description('find issued certificates; all of them without an option')
    .option('--serial <hex>', 'serial number', hexadecimal)
    .option('--sha256 <hex>', 'SHA-256 of the certificate, or its beginning', hexadecimal)
    .option('--holder <text>', 'part of the subject')
    .option('--valid-at <date>', 'in validity at this time, ISO 8601', instant)
    .option('--profile <name>', 'issued from this profile')
    .option('--show', 'show each certificate decoded')
    .option('--out <dir>', 'write the certificates into this folder as well', homePath)
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--json', 'one JSON object a line')
    .action(async ({ home, serial, out, show, json, ...query }: FindOptions) => {
      const records = openRecords(instancePaths(home).records, systemClock);
      try {
        const found = await findCertificates(
          { records: records.issuance, archive: records.archive },
          { ...query, serialNumber: serial },
        );
        for (const entry of found) {
          screen.stdout.write(json === true ? `${JSON.stringify(asJson(entry))}\n` : text(screen, entry));
          if (show === true) screen.stdout.write(renderDump(screen, describeCertificate(entry.certificate)));
          if (out !== undefined) writeCertificate(out, entry);
        }
        screen.exit(found.length === 0 ? 1 : 0);
        if (found.length === 0) screen.stderr.write('sigillo: nothing on record fits\n');
      } finally {
        records.close();
      }
    });
}

/** As `sigillo inspect`, OpenSSL and certtool print it. */
function hexadecimal(value: string): string {
  if (!/^((0x)?[0-9a-f]+|[0-9a-f]{2}(:[0-9a-f]{2})+)$/i.test(value)) {
    throw new InvalidArgumentError('write hexadecimal digits, as 0x1a2b, 1a2b or 1a:2b.');
  }
  return value.replace(/^0x/i, '').replaceAll(':', '');
}

function instant(value: string): Date {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('write a date such as 2026-11-21.');
  return date;
}

function asJson(found: ArchivedCertificate): object {
  const { record, certificate, revocation, waived, hasPolicies } = found;
  return {
    sha256: record.sha256,
    serialNumber: record.serialNumber.toString(16),
    subject: certificate.subject.display,
    issuer: certificate.issuer.display,
    profile: record.profile,
    policyDigest: record.policyDigest,
    policiesOnRecord: hasPolicies,
    issuedAt: record.issuedAt,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    revokedAt: revocation?.revocationDate ?? null,
    reason: revocation?.reason ?? null,
    waived: waived.map(({ rule, detail, reason, until, at }) => ({ rule, detail, reason, until, at })),
  };
}

function text(screen: Screen, found: ArchivedCertificate): string {
  const { record, certificate, revocation, waived, hasPolicies } = found;
  const lines = [
    paint(screen, 'bold', printable(certificate.subject.display)),
    `  serial number ${record.serialNumber.toString(16)}`,
    `  SHA-256 ${record.sha256}`,
    `  profile ${record.profile}, issued ${record.issuedAt.toISOString()} under policies ${record.policyDigest.slice(0, 16)}…${hasPolicies ? '' : ', whose text is not on record'}`,
    `  valid ${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`,
    ...waived.map(({ rule, detail, reason, until }) =>
      printable(`  waived until ${until.toISOString().slice(0, 10)}: ${rule}, ${detail}; ${reason}`),
    ),
  ];
  if (revocation !== undefined) {
    const at = revocation.revocationDate.toISOString();
    lines.push(paint(screen, 'red', `  REVOKED ${at}, reason ${revocation.reason}`));
  }
  return `${lines.join('\n')}\n`;
}

/** For `sigillo inspect`, `lint` and others. */
function writeCertificate(folder: string, { record }: ArchivedCertificate): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${record.sha256}.cer`), record.der);
}
