import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { decodeCertificationRequest } from '../../formats/x509/certification-request.ts';
import { spokenFingerprint } from '../../rules/exchange/exchange-key.ts';
import { describeStep, type Ceremony } from '../../rules/ceremony/ceremony-file.ts';
import { parseRequestBundle } from '../../rules/exchange/request-bundle.ts';
import { instantText } from '../../rules/exchange/fields.ts';
import type { CeremonyDeps } from '../../services/ceremony/ceremony-deps.ts';
import { ceremonyRefusal } from '../../services/ceremony/ceremony-deps.ts';
import { identityText } from '../../services/ceremony/ceremony-steps.ts';
import {
  carryOutCeremony,
  prepareCeremony,
  type PreparedCeremony,
} from '../../services/ceremony/run-ceremony.ts';
import { Refused } from '../../services/errors.ts';
import { acceptResponse } from '../../services/exchange/accept-response.ts';
import { establishExchangeKey, publicKeyInfo } from '../../services/exchange/exchange-key.ts';
import type { HolderRequest } from '../../services/issuance/issue-for-holder.ts';
import { plannedSigners } from '../../services/issuance/establish.ts';
import { requestCertificates, withdrawRequest } from '../../services/exchange/request-certificates.ts';
import { isOffline } from '../../services/issuance/establish.ts';
import { publishMasterList } from '../../services/masterlist/publish-master-list.ts';
import {
  ceremonyDeps,
  type CeremonyFile,
  exchangeDeps,
  keepCeremony,
  readCeremonyFile,
} from '../ceremony/ceremony-session.ts';
import { layOutRehearsal } from '../ceremony/offline-instance.ts';
import { replayCeremony } from '../ceremony/replay.ts';
import { verifyCeremony } from '../ceremony/verify.ts';
import { writeTrust } from '../instance/establish-instance.ts';
import { type Instance, loadAnyInstance, loadOfflineInstance } from '../instance/load-instance.ts';
import { lockInstance, mainModule, openInstance } from '../instance/open-instance.ts';
import { collect, issuedLine, readCertificationRequest, withHolderOptions } from './certification-request.ts';
import { orUnreadable, readBytes } from './files.ts';
import { homePath, shippedPolicies } from './instance-options.ts';
import { overwriting, writeNew } from './new-file.ts';
import { paint, printable, type Screen } from './screen.ts';
import { withInstance } from './with-instance.ts';

interface RunOptions {
  readonly home: string;
  readonly present: readonly string[];
  readonly yes?: boolean;
}

/** `sigillo ceremony`: the offline CSCA, and the bundles between it and the online instance (docs/ceremony.md). */
export function registerCeremony(program: Command, screen: Screen, software: string): void {
  const ceremony = program
    .command('ceremony')
    .description('the CSCA on a machine without network: ceremonies, transcripts and bundles');
  ceremony
    .command('run')
    .description('carry out a ceremony file, or go on with it after a crash')
    .argument('<file>', 'ceremony file', homePath)
    .requiredOption('--home <dir>', 'folder of the offline instance', homePath)
    .option('--present <name>', 'somebody who is present and has confirmed; again for each', collect, [])
    .option('--yes', 'ask nothing; for rehearsals and scripts')
    .action((file: string, options: RunOptions) =>
      orUnreadable(screen, () => runCeremony(file, options, screen, software)),
    );
  ceremony
    .command('verify')
    .description('check a transcript, its ceremony file and the files it wrote')
    .argument('<transcript>', 'transcript.jsonl of a ceremony', homePath)
    .option('--file <ceremony>', 'ceremony file, if not the one beside the transcript', homePath)
    .option('--seal <digest>', 'the digest that those present wrote down')
    .option('--json', 'one JSON object')
    .action(async (transcript: string, options: { file?: string; seal?: string; json?: boolean }) => {
      await orUnreadable(screen, async () => {
        const findings = verifyCeremony(transcript, options);
        report(screen, transcript, findings, options.json === true);
      });
    });
  ceremony
    .command('replay')
    .description('carry a recorded ceremony out again on a scratch token and compare')
    .argument(
      '<transcript>',
      'transcript.jsonl of a ceremony; those before it lie beside its folder',
      homePath,
    )
    .option('--file <ceremony>', 'ceremony file, if not the one beside the transcript', homePath)
    .option('--json', 'one JSON object')
    .action(async (transcript: string, options: { file?: string; json?: boolean }) => {
      const say =
        options.json === true ? () => undefined : (text: string) => screen.stdout.write(`${text}\n`);
      await orUnreadable(screen, async () => {
        const findings = await replayCeremony(transcript, { file: options.file, software, say });
        report(screen, transcript, findings, options.json === true);
      });
    });
  ceremony
    .command('identity')
    .description('what the other machine pins of this one in its sigillo.yaml')
    .requiredOption('--home <dir>', 'folder of the instance', homePath)
    .action(({ home }: { home: string }) => showIdentity(home, screen));
  const request = ceremony
    .command('request')
    .description('make the keys that are due and write a signed request for their certificates')
    .requiredOption('--home <dir>', 'folder of the online instance', homePath)
    .requiredOption('--out <file>', 'request bundle to write', homePath)
    .option('--profile <name>', 'request the next key of this profile; again for each', collect, [])
    .option('--crl-only', 'request a CRL even where nothing else is due')
    .option('--withdraw <reason>', 'give up the open request first')
    .option('--csr <file>', 'pass on the PKCS#10 request of a holder outside, for --profile', homePath);
  withHolderOptions(request).action((options: RequestCommandOptions) =>
    orUnreadable(screen, () => makeRequest(options, screen)),
  );
  ceremony
    .command('accept')
    .description('check a response of the CSCA and put everything in it on record')
    .argument('<file>', 'response bundle', homePath)
    .requiredOption('--home <dir>', 'folder of the online instance', homePath)
    .action((file: string, { home }: { home: string }) =>
      orUnreadable(screen, () => accept(file, home, screen)),
    );
  ceremony
    .command('rehearse')
    .description('lay out the folder of an offline CSCA on a SoftHSM token, for a rehearsal')
    .requiredOption('--home <dir>', 'folder to lay out', homePath)
    .option('--token-label <label>', 'label of the token', 'csca-rehearsal')
    .option('--like <dir>', 'take the state and the policies of this online instance', homePath)
    .action((options: { home: string; tokenLabel: string; like?: string }) => rehearse(options, screen));
}

function report(screen: Screen, transcript: string, findings: readonly string[], json: boolean): void {
  const holds = findings.length === 0;
  if (json) screen.stdout.write(`${JSON.stringify({ file: transcript, holds, findings })}\n`);
  else {
    for (const finding of findings)
      screen.stdout.write(`${paint(screen, 'red', 'broken')}  ${printable(finding)}\n`);
    if (holds) screen.stdout.write(`${paint(screen, 'green', 'holds')}  ${transcript}\n`);
  }
  screen.exit(holds ? 0 : 1);
}

async function runCeremony(
  path: string,
  { home, present, yes }: RunOptions,
  screen: Screen,
  software: string,
): Promise<void> {
  const file = readCeremonyFile(path);
  const instance = loadOfflineInstance(home);
  const unlock = lockInstance(home);
  try {
    const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
    try {
      const deps = await ceremonyDeps(instance, open, file, software);
      const names = await confirmedNames(file.ceremony, present, yes === true, screen);
      const prepared = await prepareCeremony(deps, file.ceremony, names);
      screen.stdout.write(announcement(deps, file, prepared, screen));
      await confirmBeginning(file.ceremony, yes === true, screen);
      keepCeremony(instance, deps, file);
      await open.records.issuance.recordPolicies(instance.policies);
      const seal = await carryOutCeremony(deps, prepared, (doing) =>
        screen.stdout.write(`${printable(doing)}\n`),
      );
      screen.stdout.write(`\nThe ceremony is done. Write down the digest of its seal:\n  ${seal}\n`);
    } finally {
      open.close();
    }
  } finally {
    unlock();
  }
}

/** Everything that will be made, decoded, for those who are present to read before they agree. */
function announcement(
  deps: CeremonyDeps,
  { ceremony }: CeremonyFile,
  prepared: PreparedCeremony,
  screen: Screen,
): string {
  const { state, token, policies, instanceId } = deps;
  const resumed = prepared.transcript.entries.length > 0;
  const lines = [
    `  ceremony   ${ceremony.ceremony}, SHA-256 ${ceremony.sha256}`,
    `  policies   SHA-256 ${policies.digest}`,
    `  instance   ${instanceId}, ${state.organization} (${state.country}, ${state.mrzCode}), ${deps.environment}`,
    `  token      ${token.label}, ${token.manufacturer} ${token.model}, serial number ${token.serialNumber}, ${token.keys} keys`,
    `  time       ${deps.clock.now().toISOString()}`,
    `  present    ${prepared.present.map(({ name, role }) => `${name} (${role})`).join(', ')}`,
    ...(resumed ? [`  resumed    ${prepared.done} of ${ceremony.steps.length} steps are done`] : []),
    '',
    ...ceremony.steps.flatMap((step, index) => [
      `  ${String(index + 1).padStart(2)}. ${index < prepared.done ? 'done: ' : ''}${describeStep(step)}`,
      ...(step.step === 'process-request' && index >= prepared.done
        ? requestLines(deps.folder.bundle(step.bundle))
        : []),
    ]),
    '',
  ];
  const title = paint(screen, 'bold', printable(ceremony.title));
  return `${[title, ...lines.map(printable)].join('\n')}\n`;
}

/** What a request asks for. */
function requestLines(octets: Uint8Array): readonly string[] {
  const { content, sha256 } = parseRequestBundle(octets);
  return [
    `      request ${content.sequence} of instance ${content.from}, made ${instantText(content.createdAt)}`,
    `      SHA-256 ${sha256}`,
    ...content.requests.flatMap(({ profile, keyAlgorithm, subject, usage, publicKey, csr }) => [
      `      - ${profile} ${subject.sequence ?? subject.name ?? ''} (${subject.country}), ${keyAlgorithm}, used ${instantText(usage.from)} to ${instantText(usage.until)}`,
      ...(csr === undefined
        ? []
        : [`        ${holderText(csr)}; hosts ${subject.hosts?.join(', ') ?? 'none'}`]),
      `        key ${spokenFingerprint(publicKey)}`,
    ]),
    ...content.revocations.map(
      ({ serialNumber, reason }) => `      - revoke ${serialNumber.toString(16)}: ${reason}`,
    ),
  ];
}

function holderText(csr: Uint8Array): string {
  return `key of a holder outside, whose PKCS#10 request says ${decodeCertificationRequest(csr).subject.display}`;
}

/** Those given on the command line, and those who type their names. */
async function confirmedNames(
  { present }: Ceremony,
  given: readonly string[],
  isSilent: boolean,
  screen: Screen,
): Promise<readonly string[]> {
  if (isSilent || given.length >= present.minimum || !isInteractive()) return given;
  const names = [...given];
  for (const { name, role } of present.witnesses) {
    if (names.includes(name)) continue;
    const typed = await ask(
      `${name} (${role}), type your name to confirm that you are present (Enter: absent): `,
    );
    if (typed === name) names.push(name);
    else screen.stdout.write(`  ${printable(name)} has not confirmed\n`);
  }
  return names;
}

async function confirmBeginning({ ceremony }: Ceremony, isSilent: boolean, screen: Screen): Promise<void> {
  if (isSilent) return;
  if (!isInteractive()) {
    const mend = 'run it on a terminal, or with --yes';
    throw ceremonyRefusal('K-CONFIRM', 'nobody can be asked whether to begin', 'yes', mend);
  }
  const typed = await ask(`Type the name of the ceremony, ${ceremony}, to begin: `);
  if (typed === ceremony) return;
  screen.stdout.write('Nothing was made.\n');
  throw ceremonyRefusal('K-CONFIRM', 'the ceremony was not confirmed', 'confirmation', 'run it again');
}

function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

async function showIdentity(home: string, screen: Screen): Promise<void> {
  const instance = loadAnyInstance(home);
  const open = openInstance(instance, { processes: 1, onEvent: () => undefined });
  try {
    const deps = await exchangeDeps(instance, open);
    // On an offline machine keys are made in ceremonies only.
    if (!('machine' in instance.configuration)) await establishExchangeKey(deps);
    const text = await identityText(deps);
    const [key] = (await deps.records.keys()).filter(({ role }) => role === 'exchange').slice(-1);
    const spoken = key === undefined ? '' : spokenFingerprint(await publicKeyInfo(deps, key));
    screen.stdout.write(`# For sigillo.yaml on the other machine. Read to each other: ${spoken}\n${text}`);
  } finally {
    open.close();
  }
}

interface RequestCommandOptions {
  readonly home: string;
  readonly out: string;
  readonly profile: readonly string[];
  readonly crlOnly?: boolean;
  readonly withdraw?: string;
  readonly csr?: string;
  readonly name?: string;
  readonly host: readonly string[];
}

async function makeRequest(options: RequestCommandOptions, screen: Screen): Promise<void> {
  const { home, out, withdraw } = options;
  if (existsSync(out)) throw overwriting(out);
  const holder = holderOf(options);
  await withInstance(home, async (instance, open) => {
    const { keys } = onlineOfOffline(instance);
    const deps = await exchangeDeps(instance, open);
    if (withdraw !== undefined) {
      const sequence = await withdrawRequest(deps, withdraw);
      screen.stdout.write(`request ${sequence} is withdrawn\n`);
    }
    const planned = plannedSigners(keys, instance.policies);
    const wanted = { profiles: options.profile, crlOnly: options.crlOnly === true, holder };
    const say = (making: string) => screen.stdout.write(`making ${making}\n`);
    const octets = await requestCertificates(deps, planned, wanted, say);
    writeNew(out, octets);
    const { content, sha256 } = parseRequestBundle(octets);
    screen.stdout.write(`request ${content.sequence} for ${content.requests.length} certificates: ${out}\n`);
    screen.stdout.write(`  SHA-256 ${sha256}\n`);
  });
}

function holderOf({ csr, profile, name, host }: RequestCommandOptions): HolderRequest | undefined {
  const refuse = (detail: string, mend: string): never => {
    throw new Refused('policy', detail, { rule: 'Q-PROFILE', field: 'profile', mend });
  };
  if (csr === undefined) {
    if (name !== undefined || host.length > 0)
      refuse('there is no request to name it for', 'give it with --csr');
    return undefined;
  }
  const [only = refuse('a request is certified by one profile', 'give --profile NAME'), ...more] = profile;
  if (more.length > 0) refuse('a request is certified by one profile', 'give --profile once');
  return { csr: readCertificationRequest(csr), profile: only, name, hosts: host };
}

async function accept(path: string, home: string, screen: Screen): Promise<void> {
  const octets = readBytes(path);
  await withInstance(home, async (instance, open) => {
    onlineOfOffline(instance);
    const { exchange } = instance.configuration;
    const anchor = exchange?.anchor ?? '';
    const deps = { ...(await exchangeDeps(instance, open)), anchor };
    const { certificates, crl } = await acceptResponse(deps, octets);
    for (const record of certificates) screen.stdout.write(`accepted ${issuedLine(record)}\n`);
    screen.stdout.write(`accepted CRL number ${crl.crlNumber}\n`);
    const hasNewRoot = certificates.some(
      ({ profile }) => instance.policies.profiles.get(profile)?.kind === 'csca',
    );
    const canList = (await deps.records.keys()).some(({ role }) => role === 'master-list-signer');
    if (hasNewRoot && canList) {
      const { version } = await publishMasterList(deps);
      screen.stdout.write(`made master list version ${version}\n`);
    }
    await writeTrust(instance, deps);
  });
}

function onlineOfOffline({ configuration }: Instance): Instance['configuration'] {
  if (isOffline(configuration.keys.csca)) return configuration;
  throw new Refused('policy', 'the CSCA of this instance is on its own token', {
    field: 'keys.csca',
    mend: 'set keys.csca to { offline: true } in sigillo.yaml to have it elsewhere',
  });
}

function rehearse(
  { home, tokenLabel, like }: { home: string; tokenLabel: string; like?: string },
  screen: Screen,
): void {
  const model = like === undefined ? undefined : loadAnyInstance(like);
  layOutRehearsal({
    home,
    policies: model?.configuration.policies ?? shippedPolicies,
    main: mainModule,
    environment: 'development',
    tokenLabel,
    state: model?.configuration.state ?? {
      country: 'UT',
      mrzCode: 'UTO',
      organization: 'Utopia DEVELOPMENT ONLY',
      contact: 'http://localhost:8443/',
      distribution: 'http://localhost:8443',
    },
  });
  screen.stdout.write(
    `an offline CSCA for rehearsals is laid out in ${resolve(home)}, token ${tokenLabel}\n`,
  );
}
