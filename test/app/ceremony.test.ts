import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ceremonyDeps,
  exchangeDeps,
  keepCeremony,
  readCeremonyFile,
} from '../../src/app/ceremony/ceremony-session.ts';
import type { Configuration } from '../../src/app/instance/configuration.ts';
import { loadInstance, loadOfflineInstance } from '../../src/app/instance/load-instance.ts';
import { openInstance } from '../../src/app/instance/open-instance.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import { buildTrustStore, passiveAuthentication } from '../../src/rules/passive-authentication/index.ts';
import { parseTranscript } from '../../src/rules/ceremony/transcript.ts';
import { carryOutCeremony, prepareCeremony } from '../../src/services/ceremony/run-ceremony.ts';
import { acceptResponse } from '../../src/services/exchange/accept-response.ts';
import { requestCertificates } from '../../src/services/exchange/request-certificates.ts';
import { buildCatalogue } from '../../src/services/distribution/catalogue.ts';
import { changeConfiguration } from '../support/configuration.ts';
import { opensslRequest } from '../support/certification-request.ts';
import { mainModule, makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { sigillo as command } from '../support/served.ts';
import { Station } from '../support/station.ts';

const sigillo = (...args: readonly string[]) => command('ceremony', ...args);

const present = ['--present', 'Ada', '--present', 'Bruno', '--yes'];
const silent = () => undefined;
const day = 86_400_000;
/** Every command is a process with a token to log in to. */
const long = 240_000;

/** Two machines with a token each: nothing but files goes from one to the other. */
class TwoMachines {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-ceremony-'));
  readonly offline = join(this.folder, 'offline');
  online!: TestInstance;

  async layOut(): Promise<void> {
    this.online = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
    const { code, stderr } = await sigillo('rehearse', '--home', this.offline, '--like', this.online.home);
    if (code !== 0) throw new Error(stderr);
  }

  /** Writes a ceremony file with these steps. */
  ceremony(name: string, steps: readonly string[], changes: Record<string, unknown> = {}): string {
    const { organization } = this.state;
    const content = {
      ceremony: name,
      title: name,
      instance: { environment: 'development', country: 'UT', organization },
      token: { label: 'csca-rehearsal' },
      present: {
        minimum: 2,
        witnesses: ['Ada', 'Bruno', 'Carla'].map((witness) => ({ name: witness, role: 'witness' })),
      },
      steps: steps.map((step) => parse(`{ ${step} }`) as unknown),
      ...changes,
    };
    const path = join(this.folder, `${name}.yaml`);
    writeFileSync(path, stringify(content));
    return path;
  }

  get state(): Configuration['state'] {
    return (parse(readFileSync(join(this.offline, 'sigillo.yaml'), 'utf8')) as Configuration).state;
  }

  /** First ceremony, and each machine is told of the other. */
  async introduce(): Promise<void> {
    const file = this.ceremony('root', rootSteps);
    const { code, stderr } = await sigillo('run', file, '--home', this.offline, ...present);
    if (code !== 0) throw new Error(stderr);
    const identity = parse(readFileSync(this.output('root', 'identity.yaml'), 'utf8')) as object;
    changeConfiguration(this.online.home, (configuration) => {
      Object.assign(configuration, identity);
      Object.assign(configuration['keys'] as object, { csca: { offline: true } });
    });
    const { stdout } = await sigillo('identity', '--home', this.online.home);
    changeConfiguration(this.offline, (configuration) => {
      Object.assign(configuration, parse(stdout));
    });
  }

  output(ceremony: string, name: string): string {
    return join(this.offline, 'ceremonies', ceremony, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.online.remove();
  }
}

const rootSteps = [
  'step: make-key, label: exchange-00001, role: exchange, keyAlgorithm: ecdsa-P-384-sha384',
  'step: make-key, label: csca-00001, role: csca, keyAlgorithm: ecdsa-brainpoolP384r1-sha384',
  'step: issue-certificate, profile: csca, key: csca-00001, issuer: self, sequence: "00001"',
  'step: sign-crl, issuer: csca-00001',
  'step: export, what: certificate, key: csca-00001, file: csca.cer',
  'step: export, what: identity, file: identity.yaml',
];

function sodOrder(documentType: string) {
  return {
    requestId: 'passport-1',
    documentType,
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.7' },
    dataGroupHashes: { 1: Buffer.alloc(32, 1).toString('base64'), 2: Buffer.alloc(32, 2).toString('base64') },
  };
}

describe('an offline CSCA and its online instance', () => {
  const machines = new TwoMachines();
  beforeAll(async () => {
    await machines.layOut();
    await machines.introduce();
  });
  afterAll(() => machines.remove());
  const file = (name: string) => join(machines.folder, name);

  it(
    'exchange one request and one response, and a border that trusts the offline CSCA alone takes the SOD',
    async () => {
      const { home, portBase, documentTypes } = machines.online;
      const requested = await sigillo('request', '--home', home, '--out', file('request.json'));
      expect(requested).toMatchObject({ code: 0 });
      const steps = [
        'step: process-request, bundle: request.json, issuer: csca-00001, response: response.json',
      ];
      const answering = machines.ceremony('answer-1', steps);
      const answered = await sigillo('run', answering, '--home', machines.offline, ...present);
      expect(answered.stderr).toBe('');
      expect(answered.stdout).toContain('dsc-test-0 00001 (UT), ecdsa-P-256-sha256');
      const accepted = await sigillo('accept', machines.output('answer-1', 'response.json'), '--home', home);
      expect(accepted).toMatchObject({ code: 0, stderr: '' });
      expect(accepted.stdout).toContain('accepted CRL number 2');
      expect(accepted.stdout).toContain('made master list version 1');

      const service = await serve(home, portBase);
      const station = new Station({ home, port: portBase, holder: 'station' });
      try {
        const answer = await station.post(
          '/v1/sods',
          sodOrder(documentTypes.get('ecdsa-P-256-sha256') ?? ''),
        );
        expect(answer.status).toBe(201);
        const efSod = Uint8Array.from(Buffer.from(answer.json<{ sod: string }>().sod, 'base64'));
        const csca = Uint8Array.from(readFileSync(machines.output('root', 'csca.cer')));
        const trust = buildTrustStore([decodeCertificate(csca, { strict: true })]);
        const crl = readdirSync(join(home, 'trust')).find((name) => name.endsWith('.crl')) ?? '';
        const crls = [decodeCrl(Uint8Array.from(readFileSync(join(home, 'trust', crl))), { strict: true })];
        const at = new Date();
        const report = passiveAuthentication({ efSod, trust, crls, at, strict: true, requireCrl: true });
        expect(report.verdict).toBe('TRUSTED');
      } finally {
        station.close();
        await service.stop();
      }
    },
    long,
  );

  it(
    'refuse a bundle that comes again, was changed, or is for another',
    async () => {
      const { home } = machines.online;
      const response = machines.output('answer-1', 'response.json');
      const again = await sigillo('accept', response, '--home', home);
      expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/after 1[^]*mend: /) });
      const steps = [
        'step: process-request, bundle: request.json, issuer: csca-00001, response: response.json',
      ];
      const replayed = machines.ceremony('answer-again', steps);
      const refused = await sigillo('run', replayed, '--home', machines.offline, ...present);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('request 1 was answered') });
      expect(existsSync(machines.output('answer-again', ''))).toBe(false);
      const octets = readFileSync(response);
      octets[1_000] = (octets[1_000] ?? 0) ^ 1;
      writeFileSync(file('changed.json'), octets);
      expect(await sigillo('accept', file('changed.json'), '--home', home)).toMatchObject({ code: 1 });
      expect(await sigillo('accept', file('request.json'), '--home', home)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          'is "sigillo-request"; here a file is needed whose kind is "sigillo-resp',
        ),
      });
    },
    long,
  );

  it(
    'certify the key of a holder outside from its PKCS#10 request',
    async () => {
      const { home } = machines.online;
      writeFileSync(file('holder.csr'), opensslRequest('P-256'));
      writeFileSync(file('foreign.csr'), opensslRequest('P-256', '/C=XX/CN=a'));
      const request = (csr: string) => {
        const wanted = ['--csr', file(csr), '--profile', 'communication', '--host', 'pkd.utopia.example'];
        return sigillo('request', '--home', home, '--out', file(`${csr}.json`), ...wanted);
      };
      const foreign = await request('foreign.csr');
      expect(foreign).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/XX.*\n {2}rule: Q-DN, .*\n {2}at: subject.*\n {2}mend: .*C=UT/),
      });
      expect(existsSync(file('foreign.csr.json'))).toBe(false);
      expect(await request('holder.csr')).toMatchObject({ code: 0 });
      const step =
        'step: process-request, bundle: holder.csr.json, issuer: csca-00001, response: response.json';
      const answer = machines.ceremony('answer-holder', [step]);
      const shown = await sigillo('run', answer, '--home', machines.offline, ...present);
      expect(shown).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(
          'request says C=UT,O=Utopia,CN=pkd.utopia.example; hosts pkd.utopia.example',
        ),
      });
      const response = machines.output('answer-holder', 'response.json');
      const accepted = await sigillo('accept', response, '--home', home);
      expect(accepted).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('accepted communication: C=UT'),
      });
      const replayed = await sigillo('replay', machines.output('answer-holder', 'transcript.jsonl'));
      expect(replayed).toMatchObject({ code: 0, stdout: expect.stringContaining('holds') });
    },
    long,
  );

  it(
    'say what makes the next key, instead of making it online',
    async () => {
      const rotate = (profile: string) => command('rotate', profile, '--home', machines.online.home);
      const heading = 'A new CSCA key';
      const csca = await rotate('csca');
      expect(csca).toMatchObject({ code: 1, stdout: '' });
      expect(csca.stderr).toBe(
        `sigillo: the CSCA of this instance is on another machine\n  at: profile\n  mend: a ceremony on that machine makes its next key (docs/ceremony.md, "${heading}"); accept the response here\n`,
      );
      const page = readFileSync(join(import.meta.dirname, '../../docs/ceremony.md'), 'utf8');
      expect(page).toMatch(new RegExp(`^#+ \\d\\. ${heading}$`, 'm'));
      const signer = await rotate('dsc-test-0');
      expect(signer).toMatchObject({ code: 1, stdout: '' });
      const [, mend = ''] =
        /^ {2}mend: request the next key: sigillo ceremony (.*)$/m.exec(signer.stderr) ?? [];
      const requested = await sigillo(
        ...mend.split(' '),
        '--home',
        machines.online.home,
        '--out',
        file('next.json'),
      );
      expect(requested).toMatchObject({ code: 0, stderr: '' });
    },
    long,
  );

  it.each([
    ['with the wrong token label', { token: { label: 'another' } }, present, 'the ceremony is for another'],
    ['without a witness', {}, ['--present', 'Ada', '--yes'], '1 of the 2 who must be present'],
    ['with nobody to ask', {}, present.slice(0, -1), 'nobody can be asked'],
  ])('refuse a ceremony %s', async (_, changes, options, message) => {
    const path = machines.ceremony('refused', ['step: sign-crl, issuer: csca-00001'], changes);
    const { code, stderr } = await sigillo('run', path, '--home', machines.offline, ...options);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    expect(stderr).toContain('  mend: ');
    expect(existsSync(machines.output('refused', 'transcript.jsonl'))).toBe(false);
  });

  it('refuse to overwrite the output of a ceremony or of a request', async () => {
    const { home } = machines.online;
    const request = await sigillo('request', '--home', home, '--crl-only', '--out', file('request.json'));
    expect(request).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') });
    const again = await sigillo(
      'run',
      machines.ceremony('root', rootSteps),
      '--home',
      machines.offline,
      ...present,
    );
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('was carried out') });
  });

  it('refuse a ceremony while the token is absent', async () => {
    changeConfiguration(machines.offline, ({ token }) =>
      Object.assign(token as object, { tokenLabel: 'gone' }),
    );
    const path = machines.ceremony('absent', ['step: sign-crl, issuer: csca-00001']);
    const { code, stderr } = await sigillo('run', path, '--home', machines.offline, ...present);
    changeConfiguration(machines.offline, ({ token }) =>
      Object.assign(token as object, { tokenLabel: 'csca-rehearsal' }),
    );
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no token is labelled gone'),
    });
    expect(existsSync(machines.output('absent', 'transcript.jsonl'))).toBe(false);
  });

  it(
    'leave transcripts that are verified, and replayed on a scratch token',
    async () => {
      for (const name of ['root', 'answer-1']) {
        expect(await sigillo('verify', machines.output(name, 'transcript.jsonl'))).toMatchObject({ code: 0 });
      }
      const replayed = await sigillo('replay', machines.output('answer-1', 'transcript.jsonl'));
      expect(replayed).toMatchObject({ code: 0, stderr: '' });
      expect(replayed.stdout).toContain('replaying ceremony root');
    },
    long,
  );

  it.each([
    ['transcript.jsonl', 4_000, /line \d+/],
    ['ceremony.yaml', 10, /is not the ceremony file of line 1/],
    ['csca.cer', 300, /csca\.cer was changed, first at octet 300/],
    ['policies/dsc-passport.yaml', 40, /policies/],
  ])('show a changed octet in %s', async (name, offset, place) => {
    const copy = join(mkdtempSync(join(machines.folder, 'copy-')), 'root');
    cpSync(join(machines.offline, 'ceremonies', 'root'), copy, { recursive: true });
    const octets = readFileSync(join(copy, name));
    octets[offset] = (octets[offset] ?? 0) ^ 1;
    writeFileSync(join(copy, name), octets);
    for (const command of ['verify', 'replay']) {
      const { code, stdout } = await sigillo(command, join(copy, 'transcript.jsonl'), '--json');
      expect(code).toBe(1);
      const { holds, findings } = JSON.parse(stdout) as { holds: boolean; findings: string[] };
      expect(holds).toBe(false);
      expect(findings.join('\n')).toMatch(place);
    }
  });

  it('see a transcript that was written anew by the digest of its seal', async () => {
    const path = machines.output('root', 'transcript.jsonl');
    const { head } = parseTranscript(Uint8Array.from(readFileSync(path)));
    expect(await sigillo('verify', path, '--seal', head ?? '')).toMatchObject({ code: 0 });
    expect(await sigillo('verify', path, '--seal', '0'.repeat(64))).toMatchObject({ code: 1 });
  });
});

describe('a ceremony whose process is killed', () => {
  const machines = new TwoMachines();
  beforeAll(() => machines.layOut());
  afterAll(() => machines.remove());

  it(
    'goes on at the next step, and makes nothing twice',
    async () => {
      const path = machines.ceremony('root', rootSteps);
      const transcript = machines.output('root', 'transcript.jsonl');
      let kills = 0;
      for (let lines = 1; lines < 14; lines += 4) {
        const child = spawn(process.execPath, [
          mainModule,
          'ceremony',
          'run',
          path,
          '--home',
          machines.offline,
          ...present,
        ]);
        if (await killAt(child, () => lineCount(transcript) >= lines)) kills += 1;
        // Signers end with the process that started them; the lock of the instance went with it.
        await sleep(300);
      }
      const last = await sigillo('run', path, '--home', machines.offline, ...present);
      expect(kills).toBeGreaterThan(1);
      if (last.code !== 0) expect(last.stderr).toContain('was carried out');
      expect(await sigillo('verify', transcript)).toMatchObject({ code: 0 });
      const { entries } = parseTranscript(Uint8Array.from(readFileSync(transcript)));
      expect(entries.some(({ event }) => event === 'resume')).toBe(true);
      expect(entries.filter(({ event }) => event === 'begin')).toHaveLength(rootSteps.length);
      const open = openInstance(loadOfflineInstance(machines.offline), { processes: 1, onEvent: silent });
      expect((await open.records.issuance.keys()).map(({ label }) => label).toSorted()).toEqual([
        'csca-00001',
        'exchange-00001',
      ]);
      expect(await open.records.issuance.certificates()).toHaveLength(1);
      expect((await open.signer.status()).keys).toBe(2);
      open.close();
      expect(await sigillo('replay', transcript)).toMatchObject({ code: 0, stderr: '' });
    },
    long,
  );

  function lineCount(path: string): number {
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
  }

  /** @returns false when it had ended by itself before */
  async function killAt(child: ChildProcess, isTime: () => boolean): Promise<boolean> {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (child.exitCode === null && !isTime()) await sleep(1);
    const isKilled = child.kill('SIGKILL');
    await ended;
    return isKilled && child.signalCode === 'SIGKILL';
  }
});

describe('a change of the CSCA key across both machines (Doc 9303-12 §4.1.4.3)', () => {
  const machines = new TwoMachines();
  let now: Date;
  const clock = { now: () => now };
  beforeAll(async () => {
    await machines.layOut();
    await machines.introduce();
    now = new Date(Date.now() + day);
  });
  afterAll(() => machines.remove());

  const planned = [
    { profile: 'dsc-test-0', keyAlgorithm: 'ecdsa-P-256-sha256', role: 'document-signer' },
  ] as const;

  /** Everything as the commands do it; only the clock is simulated. */
  async function request(name: string): Promise<void> {
    const instance = loadInstance(machines.online.home);
    const open = openInstance(instance, { processes: 1, onEvent: silent, clock });
    try {
      const options = { profiles: ['dsc-test-0'], crlOnly: false };
      const octets = await requestCertificates(await exchangeDeps(instance, open), planned, options, silent);
      writeFileSync(join(machines.folder, name), octets);
    } finally {
      open.close();
    }
  }

  async function carryOut(name: string, steps: readonly string[]): Promise<void> {
    const file = readCeremonyFile(machines.ceremony(name, steps));
    const instance = loadOfflineInstance(machines.offline);
    const open = openInstance(instance, { processes: 1, onEvent: silent, clock });
    try {
      const deps = await ceremonyDeps(instance, open, file, 'test');
      const prepared = await prepareCeremony(deps, file.ceremony, ['Ada', 'Bruno']);
      keepCeremony(instance, deps, file);
      await carryOutCeremony(deps, prepared, silent);
    } finally {
      open.close();
    }
  }

  /** @returns what a border would fetch from the online instance afterwards */
  async function accept(path: string) {
    const instance = loadInstance(machines.online.home);
    const open = openInstance(instance, { processes: 1, onEvent: silent, clock });
    try {
      const anchor = instance.configuration.exchange?.anchor ?? '';
      // Nothing here needs the token; but two processes that log in to SoftHSM at once may not find it.
      await open.signer.status();
      await acceptResponse(
        { ...(await exchangeDeps(instance, open)), anchor },
        Uint8Array.from(readFileSync(path)),
      );
      return await buildCatalogue({ ...open.issuance });
    } finally {
      open.close();
    }
  }

  const answer = (request: string, issuer: string) =>
    `step: process-request, bundle: ${request}, issuer: ${issuer}, response: response.json`;

  it(
    'new root and link come by ceremony, the new key rests two days and then signs',
    async () => {
      await request('request-1.json');
      await carryOut('answer-1', [answer('request-1.json', 'csca-00001')]);
      const before = await accept(machines.output('answer-1', 'response.json'));
      expect(before.filter(({ kind }) => kind === 'csca')).toHaveLength(1);

      now = new Date(now.getTime() + 100 * day);
      await request('request-2.json');
      const rotation = (announced: Date) => [
        'step: make-key, label: csca-00002, role: csca, keyAlgorithm: ecdsa-brainpoolP384r1-sha384',
        'step: issue-certificate, profile: csca, key: csca-00002, issuer: self, sequence: "00002"',
        `step: issue-link, profile: csca-link, from: csca-00001, to: csca-00002, announced: ${announced.toISOString().slice(0, 10)}`,
        answer('request-2.json', 'csca-00001'),
      ];
      const late = rotation(new Date(now.getTime() - 30 * day));
      await expect(carryOut('rotation', late)).rejects.toThrow(/notice is not over/);
      await carryOut('rotation', rotation(new Date(now.getTime() - 95 * day)));
      const published = await accept(machines.output('rotation', 'response.json'));
      const roots = published.filter(({ kind }) => kind === 'csca');
      expect(roots.length).toBeGreaterThanOrEqual(2);

      now = new Date(now.getTime() + day);
      await request('request-3.json');
      const early = carryOut('too-early', [answer('request-3.json', 'csca-00002')]);
      await expect(early).rejects.toThrow(/csca-00001 is the CSCA key that signs now/);

      now = new Date(now.getTime() + 2 * day);
      const oldKey = carryOut('old-key', [answer('request-3.json', 'csca-00001')]);
      await expect(oldKey).rejects.toThrow(/csca-00002 is the CSCA key that signs now/);
      await carryOut('answer-3', [answer('request-3.json', 'csca-00002')]);
      const after = await accept(machines.output('answer-3', 'response.json'));

      const anchor = Uint8Array.from(readFileSync(machines.output('root', 'csca.cer')));
      const links = await linksOf(machines.online.home);
      const fromFirst = buildTrustStore([decodeCertificate(anchor), ...links]);
      const newest = after.filter(({ kind }) => kind === 'document-signer').at(0);
      const dsc = decodeCertificate(newest?.octets ?? new Uint8Array(), { strict: true });
      expect(fromFirst.issuerOf(dsc, { strict: true }).anchor?.introducedBy).toBeDefined();
      expect(await sigillo('replay', machines.output('answer-3', 'transcript.jsonl'))).toMatchObject({
        code: 0,
        stderr: '',
      });
    },
    long,
  );

  function linksOf(home: string) {
    const instance = loadInstance(home);
    const open = openInstance(instance, { processes: 1, onEvent: silent, clock });
    return open.records.issuance
      .certificates()
      .then((certificates) =>
        certificates
          .filter(({ profile }) => profile === 'csca-link')
          .map(({ der }) => decodeCertificate(der, { strict: true })),
      )
      .finally(() => open.close());
  }
});

it('the shipped ceremony can be read', () => {
  const path = join(import.meta.dirname, '../../policies/ceremonies/csca-root.yaml');
  const { ceremony, text } = readCeremonyFile(path);
  expect(ceremony.sha256).toBe(createHash('sha256').update(text).digest('hex'));
});
