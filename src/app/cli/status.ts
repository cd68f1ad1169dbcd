import type { Command } from 'commander';
import type { TokenReport } from '../../adapters/signer-pool/index.ts';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords } from '../../adapters/store/index.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { type Policies, parsePolicies } from '../../rules/profile/policies.ts';
import { pendingRollover } from '../../services/keys/csca-rollover.ts';
import { type KeyStatus, keyStatuses } from '../../services/keys/key-status.ts';
import type { KeyEnd, PolicySetRecord } from '../../services/ports.ts';
import { type Instance, loadConfigured } from '../instance/load-instance.ts';
import { readPoliciesOnDisk } from '../instance/policies-on-disk.ts';
import type { Health } from '../http/operations.ts';
import { defaultHome, homePath } from './instance-options.ts';
import { paint, printable, type Screen } from './screen.ts';

interface StatusOptions {
  readonly home: string;
  readonly json?: boolean;
}

/** What an instance has, from its records alone; the service need not run. */
interface InstanceStatus {
  readonly environment: string;
  readonly state: string;
  /** Of the policies on disk; undefined where there are none. */
  readonly policyDigest: string | undefined;
  /** Why those on disk do not load: file, line, key and rule. */
  readonly policyFault: string | undefined;
  /** Of those that keys and waivers are told by: on disk or, where these do not load, on record. */
  readonly toldBy: string | undefined;
  /** Of those that the running service decides under; undefined while none runs. */
  readonly policiesInUse: string | undefined;
  readonly waivers: readonly {
    readonly id: string;
    readonly reason: string;
    readonly until: string;
    /** It waives nothing any more. */
    readonly isOver: boolean;
  }[];
  /** Every key, and what is planned and has none yet. */
  readonly keys: readonly KeyStatus[];
  readonly certificates: readonly {
    readonly profile: string;
    readonly subject: string;
    readonly keyAlgorithm: string | undefined;
    readonly uses: number | undefined;
    readonly signsUntil: string | undefined;
    readonly validUntil: string;
    readonly sha256: string;
  }[];
  /** The change of the CSCA key that is announced and has not happened yet. */
  readonly rollover: { readonly announcedAt: string; readonly notBefore: string } | undefined;
  readonly crl: { readonly number: string; readonly nextUpdate: string } | undefined;
  readonly openIntents: number;
  /** Why nothing may be signed while the clock is set back. */
  readonly clockFault: string | undefined;
  /** What the running service says about its tokens; undefined while none runs. */
  readonly tokens: readonly TokenReport[] | undefined;
}

/** `sigillo status`: keys, certificates, CRL and what is open. */
export function registerStatus(program: Command, screen: Screen): void {
  program
    .command('status')
    .description('show keys, certificates, CRL and open work of an instance')
    .option('--home <dir>', 'folder of the instance', homePath, homePath(defaultHome))
    .option('--json', 'one JSON object')
    .action(async ({ home, json }: StatusOptions) => {
      const status = await readStatus(loadConfigured(home));
      screen.stdout.write(json === true ? `${JSON.stringify(status)}\n` : text(screen, status));
      if (status.policyFault !== undefined) screen.exit(1);
    });
}

async function readStatus({ configuration, paths }: Omit<Instance, 'policies'>): Promise<InstanceStatus> {
  const records = openRecords(paths.records, systemClock);
  try {
    const operations = configuration.http.portBase + 4;
    const ready = await askService<Pick<Health, 'policies'>>(operations, '/health/ready');
    const found = readPoliciesOnDisk(configuration.policies);
    const policies = found.policies ?? newestOnRecord(records.archive.policySets(), ready?.policies.inUse);
    const { profiles = new Map(), waivers = [] } = policies ?? {};
    const keys = new Map((await records.issuance.keys()).map((key) => [key.keyId, key]));
    const certificates = await records.issuance.certificates();
    const crl = await records.issuance.latestCrl();
    const rollover = await pendingRollover({ records: records.issuance });
    return {
      environment: configuration.environment,
      state: `${configuration.state.organization} (${configuration.state.country}, ${configuration.state.mrzCode})`,
      policyDigest: found.onDisk,
      policyFault: found.fault,
      toldBy: policies?.digest,
      policiesInUse: ready?.policies.inUse,
      waivers: waivers.map(({ id, reason, until }) => ({
        id,
        reason,
        until: until.toISOString().slice(0, 10),
        isOver: records.clock.now() > until,
      })),
      keys: await keyStatuses(records.issuance, { profiles }, configuration.keys, records.clock.now()),
      certificates: certificates.map((record) => {
        const { subject, notAfter, privateKeyUsagePeriod } = decodeCertificate(record.der, { strict: true });
        const key = keys.get(record.keyId ?? '');
        return {
          profile: record.profile,
          subject: subject.display,
          keyAlgorithm: key?.keyAlgorithm,
          uses: key?.uses,
          signsUntil: privateKeyUsagePeriod?.notAfter?.toISOString(),
          validUntil: notAfter.toISOString(),
          sha256: record.sha256,
        };
      }),
      rollover: rollover && {
        announcedAt: rollover.announcedAt.toISOString(),
        notBefore: rollover.notBefore.toISOString(),
      },
      crl: crl && { number: crl.crlNumber.toString(), nextUpdate: crl.nextUpdate.toISOString() },
      clockFault: records.clockFault?.message,
      openIntents: (await records.issuance.openIntents()).length + (await records.sods.openIntents()).length,
      tokens: await askService<readonly TokenReport[]>(operations, '/health/tokens'),
    };
  } finally {
    records.close();
  }
}

/** Those in use or else those that were put on record last, of such as load: they say what keys are for. */
function newestOnRecord(sets: readonly PolicySetRecord[], inUse: string | undefined): Policies | undefined {
  const used = sets.find(({ digest }) => digest === inUse);
  for (const { files } of used === undefined ? sets.toReversed() : [used]) {
    try {
      return parsePolicies(files);
    } catch (error) {
      if (!(error instanceof MalformedInput)) throw error;
    }
  }
  return undefined;
}

/** The operations port is on loopback, and answers at once or not at all. */
async function askService<Answer>(port: number, path: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as Answer;
  } catch {
    return undefined;
  }
}

function tokenLines(tokens: InstanceStatus['tokens']): readonly string[] {
  if (tokens === undefined) return ['tokens         the service does not run'];
  return tokens.flatMap(({ name, isReady, failure, signers, status, lastHealing }) => [
    `token          ${name}: ${isReady ? `works, ${signers} signers` : `does not work: ${failure ?? 'starting'}`}`,
    ...(status === undefined
      ? []
      : [
          `               ${status.label}, ${status.manufacturer} ${status.model}, serial number ${status.serialNumber}, ${status.keys} keys`,
        ]),
    ...(lastHealing === undefined
      ? []
      : [
          `               healed ${lastHealing.secondsAgo} s ago by ${lastHealing.rung} after ${lastHealing.because}`,
        ]),
  ]);
}

function policyLines(screen: Screen, status: InstanceStatus): readonly string[] {
  const { policyDigest, policyFault, policiesInUse, toldBy } = status;
  if (policyFault !== undefined) {
    return [
      `policies       ON DISK DO NOT LOAD: ${policyFault}`,
      '               mend it, or undo the edit: no service, signer or command can start until then',
      `               what follows is told by ${toldBy ?? 'no policies: none on record load'}`,
    ].map((line) => paint(screen, 'red', printable(line)));
  }
  if (policiesInUse === undefined || policiesInUse === policyDigest)
    return [`policies       ${policyDigest}`];
  return [
    paint(screen, 'red', `policies       ${policiesInUse} in use by the service;`),
    paint(screen, 'red', `               ${policyDigest} on disk: restart the service to use them`),
  ];
}

function waiverLines(screen: Screen, waivers: InstanceStatus['waivers']): readonly string[] {
  return waivers.map(({ id, reason, until, isOver }) => {
    const line = isOver
      ? `waiver         OVER: ${id} was waived until ${until} and blocks again (mend what breaks it, or decide anew): ${reason}`
      : `waiver         ${id} until ${until}: ${reason}`;
    return isOver ? paint(screen, 'red', printable(line)) : printable(line);
  });
}

function rolloverLines({ rollover }: InstanceStatus): readonly string[] {
  if (rollover === undefined) return [];
  return [`CSCA change    announced ${rollover.announcedAt}, no sooner than ${rollover.notBefore}`];
}

/** One line for each key: where it is in its life, its uses, its period, and how it came to an end. */
function keyLine(screen: Screen, key: KeyStatus, labelWidth: number): string {
  const uses = key.usageLimit === undefined ? `${key.uses} uses` : `${key.uses} of ${key.usageLimit} uses`;
  const facts = [
    key.keyAlgorithm,
    ...(key.state === 'planned' ? [] : [uses]),
    ...(key.signsFrom && key.signsUntil
      ? [
          `${key.state === 'certified' ? 'waits, ' : ''}signs ${key.signsFrom.toISOString()} to ${key.signsUntil.toISOString()}`,
        ]
      : []),
    ...(key.state === 'generated' ? ['no certificate'] : []),
    ...ended('retired', key.retired),
    ...ended('destroyed', key.destroyed),
  ];
  const revoked = ended('REVOKED', key.revoked).map((fact) => `, ${fact}`);
  const line = `key            ${key.label.padEnd(labelWidth)} ${key.state.padEnd(10)} ${facts.join(', ')}`;
  return printable(line) + paint(screen, 'red', printable(revoked.join('')));
}

function ended(how: string, end: KeyEnd | undefined): readonly string[] {
  return end === undefined ? [] : [`${how} ${end.at.toISOString()} (${end.reason})`];
}

function text(screen: Screen, status: InstanceStatus): string {
  const labelWidth = Math.max(0, ...status.keys.map(({ label }) => label.length));
  const lines = [
    status.environment === 'development'
      ? paint(screen, 'red', 'DEVELOPMENT INSTANCE: nothing of it may be trusted by a border')
      : 'production instance',
    `issuing State  ${status.state}`,
    ...policyLines(screen, status),
    ...waiverLines(screen, status.waivers),
    ...rolloverLines(status),
    `CRL            ${status.crl ? `number ${status.crl.number}, next update ${status.crl.nextUpdate}` : 'none'}`,
    `open intents   ${status.openIntents}`,
    ...(status.clockFault === undefined ? [] : [paint(screen, 'red', `set back       ${status.clockFault}`)]),
    ...tokenLines(status.tokens),
    '',
    ...status.keys.map((key) => keyLine(screen, key, labelWidth)),
    '',
    ...status.certificates.flatMap((certificate) => [
      paint(screen, 'bold', certificate.subject),
      `  profile ${certificate.profile}, SHA-256 ${certificate.sha256}`,
      `  ${certificate.keyAlgorithm ? `key ${certificate.keyAlgorithm}, ${certificate.uses} uses, ` : ''}${certificate.signsUntil ? `signs until ${certificate.signsUntil}, ` : ''}valid until ${certificate.validUntil}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
