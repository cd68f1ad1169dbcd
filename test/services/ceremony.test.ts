import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCertificationRequest } from '../../src/formats/x509/certification-request.ts';
import { Catalogue } from '../../src/services/distribution/catalogue.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import { parseCeremony } from '../../src/rules/ceremony/ceremony-file.ts';
import {
  BrokenTranscript,
  doneSteps,
  isSealed,
  parseTranscript,
} from '../../src/rules/ceremony/transcript.ts';
import {
  encodeRequestContent,
  parseRequestBundle,
  type RequestContent,
} from '../../src/rules/exchange/request-bundle.ts';
import { parseResponseBundle } from '../../src/rules/exchange/response-bundle.ts';
import { buildTrustStore, verifyCertificate } from '../../src/rules/passive-authentication/index.ts';
import type { CeremonyFolder } from '../../src/services/ceremony/ceremony-folder.ts';
import { prepareCeremony } from '../../src/services/ceremony/run-ceremony.ts';
import { acceptResponse } from '../../src/services/exchange/accept-response.ts';
import { checkRequest, processRequest } from '../../src/services/exchange/process-request.ts';
import { makeCertifiedKey, plannedSigners } from '../../src/services/issuance/establish.ts';
import { type HolderRequest, issueForHolder } from '../../src/services/issuance/issue-for-holder.ts';
import { requestCertificates, withdrawRequest } from '../../src/services/exchange/request-certificates.ts';
import { opensslRequest } from '../support/certification-request.ts';
import { CeremonyWorld, ceremony, planned, rootSteps, silent, witnesses } from '../support/ceremony-world.ts';
import { openTestToken, type TestToken } from '../support/token.ts';

let token: TestToken;
beforeAll(() => {
  token = openTestToken();
});
afterAll(() => token.remove());

const refusedBy = (rule: string): unknown =>
  expect.objectContaining({
    kind: 'refused',
    details: expect.objectContaining({ rule, mend: expect.stringMatching(/./) }),
  });
const day = 86_400_000;

async function introduced(): Promise<CeremonyWorld> {
  const world = new CeremonyWorld(token);
  await world.introduce();
  const [key] = await world.online.deps.records.keys();
  world.onlineExchangeKey = key?.keyId ?? '';
  return world;
}

/** With a root certificate and a first request. */
async function withRequest(): Promise<{ world: CeremonyWorld; request: Uint8Array }> {
  const world = await introduced();
  await world.run(ceremony('root', rootSteps));
  world.now = new Date(world.now.getTime() + day);
  const options = { profiles: [], crlOnly: false };
  const request = await requestCertificates(world.online.deps, planned, options, silent);
  world.now = new Date(world.now.getTime() + day);
  return { world, request };
}

async function anchorOf(world: CeremonyWorld): Promise<string> {
  const [root] = await world.offline.deps.records.certificates();
  return root?.sha256 ?? '';
}

/** What is on record, to see that nothing was made. */
async function snapshot({ offline, online }: CeremonyWorld): Promise<unknown> {
  const of = async ({ deps }: typeof offline) => ({
    keys: (await deps.records.keys()).map(({ label, uses }) => [label, uses]),
    certificates: (await deps.records.certificates()).map(({ sha256 }) => sha256),
    crl: (await deps.records.latestCrl())?.crlNumber,
    request: (await deps.exchange.latestRequest())?.state,
    response: (await deps.exchange.latestResponse())?.sequence,
  });
  return [await of(offline), await of(online)];
}

describe('a ceremony file', () => {
  const text = (steps: string, minimum = 2) => `ceremony: c
title: t
instance: { environment: production, country: UT, organization: Utopia }
token: { label: test }
present: { minimum: ${minimum}, witnesses: [{ name: Ada, role: a }, { name: Bruno, role: b }] }
steps: [${steps}]
`;
  const key = '{ step: make-key, label: k, role: csca, keyAlgorithm: ecdsa-P-384-sha384 }';
  it.each([
    ['an unknown key', `{ step: make-key, label: k, role: csca, keyAlgorithm: ecdsa-P-384-sha384, x: 1 }`, 2],
    ['a missing key', '{ step: make-key, label: k, role: csca }', 2],
    ['a step that is none', '{ step: sign-anything, data: x }', 2],
    ['the same key made twice', `${key}, ${key}`, 2],
    [
      'the same file written twice',
      '{ step: export, what: crl, file: a }, { step: export, what: crl, file: a }',
      2,
    ],
    ['a file outside of its folder', '{ step: export, what: crl, file: ../a }', 2],
    ['a witness too few', key, 3],
    ['a single witness', key, 1],
    ['a certificate of no key', '{ step: export, what: certificate, file: a }', 2],
  ])('is refused with %s, with file and line', (_, steps, minimum) => {
    expect(() => parseCeremony({ file: 'c.yaml', text: text(steps, minimum) })).toThrow(/^c\.yaml/);
  });
});

describe('a ceremony is refused before anything is made', () => {
  let world: CeremonyWorld;
  beforeAll(async () => {
    world = await introduced();
    await world.run(ceremony('root', rootSteps));
  });
  afterAll(() => world.close());
  const next = ['step: sign-crl, issuer: csca-00001', 'step: export, what: crl, file: a.crl'];
  const other = '0'.repeat(32);

  it.each([
    ['with another token', { token: 'other' }, next, witnesses, 'K-TOKEN'],
    ['on another instance', { id: other }, next, witnesses, 'K-INSTANCE'],
    ['in another country', { country: 'XX' }, next, witnesses, 'K-INSTANCE'],
    ['under other policies', { policyDigest: '0'.repeat(64) }, next, witnesses, 'K-POLICY'],
    ['without a witness', {}, next, ['Ada'], 'K-WITNESS'],
    ['with the same witness twice', {}, next, ['Ada', 'Ada'], 'K-WITNESS'],
    ['with a stranger', {}, next, ['Ada', 'Mallory'], 'K-WITNESS'],
    ['where a key is there', {}, rootSteps.slice(0, 1), witnesses, 'K-KEY'],
    ['where a key is certified', {}, rootSteps.slice(1, 2), witnesses, 'K-CERT'],
    ['where a key is not there', {}, ['step: sign-crl, issuer: csca-00009'], witnesses, 'K-KEY'],
  ])('%s', async (_, changes, steps, names, rule) => {
    const before = await snapshot(world);
    const deps = await world.ceremonyDeps('next');
    await expect(prepareCeremony(deps, ceremony('next', steps, changes), names)).rejects.toThrow(
      refusedBy(rule),
    );
    expect(await snapshot(world)).toEqual(before);
    expect(deps.folder.transcript()).toHaveLength(0);
  });

  it('where a file is there', async () => {
    const deps = await world.ceremonyDeps('overwriting');
    deps.folder.writeOutput('a.crl', Uint8Array.of(1));
    await expect(prepareCeremony(deps, ceremony('overwriting', next), witnesses)).rejects.toThrow(
      refusedBy('K-OUTPUT'),
    );
    expect(deps.folder.output('a.crl')).toEqual(Uint8Array.of(1));
    expect(() => deps.folder.writeOutput('a.crl', Uint8Array.of(2))).toThrow(refusedBy('K-OUTPUT'));
  });

  it('where the clock was set back', async () => {
    const deps = {
      ...(await world.ceremonyDeps('early')),
      clock: { now: () => new Date(world.now.getTime() - 1_000) },
    };
    await expect(prepareCeremony(deps, ceremony('early', next), witnesses)).rejects.toThrow(
      refusedBy('K-CLOCK'),
    );
  });

  it('where it was carried out before', async () => {
    const deps = await world.ceremonyDeps('root');
    await expect(prepareCeremony(deps, ceremony('root', rootSteps), witnesses)).rejects.toThrow(
      refusedBy('K-DONE'),
    );
  });

  it('where its file was changed since it was begun, or another one is unfinished', async () => {
    const deps = await world.ceremonyDeps('begun');
    const begun = ceremony('begun', next);
    const faulty = faultyFolder(deps.folder, 3, 'not-applied');
    await expect(world.run(begun, { folder: faulty })).rejects.toThrow('planted');
    const changed = ceremony('begun', next.slice(0, 1));
    await expect(prepareCeremony(deps, changed, witnesses)).rejects.toThrow(refusedBy('K-RESUME'));
    const before = { ceremony: 'begun', isSealed: false, head: null, at: world.now };
    const elsewhere = { ...(await world.ceremonyDeps('another')), before };
    await expect(prepareCeremony(elsewhere, ceremony('another', next), witnesses)).rejects.toThrow(
      refusedBy('K-OPEN'),
    );
  });
});

/** Fails at the nth write, before or after it has its effect. */
function faultyFolder(
  folder: CeremonyFolder,
  nth: number,
  fault: 'not-applied' | 'applied' | 'torn',
): CeremonyFolder {
  let count = 0;
  const at = (write: () => void, tear: () => void) => {
    count += 1;
    if (count === nth && fault === 'torn') tear();
    if (count !== nth || fault === 'applied') write();
    if (count === nth) throw new Error('planted fault');
  };
  return {
    transcript: () => folder.transcript(),
    keepTranscript: (octets) => folder.keepTranscript(octets),
    append: (line) =>
      at(
        () => folder.append(line),
        () => {
          folder.append(line);
          folder.keepTranscript(folder.transcript().length - 5);
        },
      ),
    output: (name) => folder.output(name),
    writeOutput: (name, octets) => at(() => folder.writeOutput(name, octets), silent),
    bundle: (path) => folder.bundle(path),
  };
}

describe.each(['not-applied', 'applied', 'torn'] as const)('a crash at any write (%s)', (fault) => {
  it('is followed by the same ceremony, which makes nothing twice', async () => {
    const { world, request } = await withRequest();
    writeFileSync(join(world.offline.folder, 'request.json'), request);
    const steps = [
      'step: sign-crl, issuer: csca-00001',
      'step: make-key, label: csca-00002, role: csca, keyAlgorithm: ecdsa-P-384-sha384',
      'step: issue-certificate, profile: csca, key: csca-00002, issuer: self, sequence: "00002"',
      'step: issue-link, profile: csca-link, from: csca-00001, to: csca-00002, announced: 2025-01-01',
      'step: process-request, bundle: request.json, issuer: csca-00001, response: response.json',
      'step: export, what: link, key: csca-00002, file: link.cer',
    ];
    const second = ceremony('second', steps);
    const folder = world.ceremonyFolder('second');
    // Of the new key and its rest: the first key goes on signing in this ceremony.
    let crashes = 0;
    for (let finished = false; !finished; ) {
      try {
        await world.run(second, { folder: faultyFolder(folder, 3, fault) });
        finished = true;
      } catch (error) {
        expect(String(error)).toContain('planted');
        crashes += 1;
        world.now = new Date(world.now.getTime() + 1_000);
        if (fault === 'not-applied') {
          // Two writes of each run are kept: the line that says that it goes on, and one more.
          expect(crashes).toBeLessThan(40);
        }
      }
    }
    expect(crashes).toBeGreaterThan(3);
    const transcript = parseTranscript(folder.transcript());
    expect(isSealed(transcript)).toBe(true);
    expect(transcript.entries.filter(({ event }) => event === 'resume')).not.toHaveLength(0);
    expect([...doneSteps(transcript).keys()]).toEqual(steps.map((_, index) => index));
    const labels = (await world.offline.deps.records.keys()).map(({ label }) => label);
    expect(labels.toSorted()).toEqual(['csca-00001', 'csca-00002', 'exchange-00001']);
    const profiles = (await world.offline.deps.records.certificates()).map(({ profile }) => profile);
    expect(profiles.toSorted()).toEqual(['csca', 'csca', 'csca-link', 'dsc-passport', 'master-list-signer']);
    expect(await world.offline.deps.records.openIntents()).toEqual([]);
    const response = folder.output('response.json') ?? new Uint8Array();
    world.now = new Date(world.now.getTime() + 1_000);
    const accepted = await acceptResponse({ ...world.online.deps, anchor: await anchorOf(world) }, response);
    expect(accepted.certificates).toHaveLength(5);
    world.close();
  });
});

describe('a transcript', () => {
  it('shows any changed octet, with its line', async () => {
    const world = await introduced();
    await world.run(ceremony('root', rootSteps));
    const octets = world.ceremonyFolder('root').transcript();
    const { entries } = parseTranscript(octets);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index));
    for (let offset = 0; offset < octets.length; offset += 1) {
      const changed = octets.slice();
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      const found = holds(changed, octets.length);
      if (found === undefined) expect.unreachable(`octet ${offset} was changed and nobody saw it`);
      const line = octets.subarray(0, offset).filter((octet) => octet === 0x0a).length + 1;
      expect(Math.abs(found - line)).toBeLessThanOrEqual(1);
    }
    world.close();
  });

  /** The line that does not hold; undefined when all do. */
  function holds(octets: Uint8Array, length: number): number | undefined {
    try {
      const transcript = parseTranscript(octets);
      if (transcript.wholeOctets === length && isSealed(transcript)) return undefined;
      return transcript.entries.length + 1;
    } catch (error) {
      if (error instanceof BrokenTranscript) return error.line;
      throw error;
    }
  }
});

describe('a request', () => {
  let world: CeremonyWorld;
  let request: Uint8Array;
  beforeAll(async () => {
    ({ world, request } = await withRequest());
  });
  afterAll(() => world.close());

  it('comes back the same while it is open', async () => {
    const options = { profiles: [], crlOnly: false };
    expect(await requestCertificates(world.online.deps, planned, options, silent)).toEqual(request);
  });

  it('is refused with any octet changed', async () => {
    const before = await snapshot(world);
    for (let offset = 0; offset < request.length; offset += 1) {
      const changed = request.slice();
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      await expect(checkRequest(world.offline.deps, changed)).rejects.toMatchObject({
        kind: expect.stringMatching(/^(refused|malformed)$/),
      });
    }
    expect(await snapshot(world)).toEqual(before);
  });

  type Change = (content: RequestContent) => Partial<RequestContent>;
  const first = (content: RequestContent, change: Partial<RequestContent['requests'][number]>) => {
    const [request, ...rest] = content.requests;
    return { requests: request === undefined ? [] : [{ ...request, ...change }, ...rest] };
  };
  const crafted: [string, Change, string][] = [
    ['from another instance', () => ({ from: '1'.repeat(32) }), 'E-FROM'],
    ['for another CSCA', () => ({ to: '1'.repeat(32) }), 'E-TO'],
    ['under other policies', () => ({ policyDigest: '1'.repeat(64) }), 'E-POL'],
    ['from the future', () => ({ createdAt: new Date('2030-01-01T00:00:00Z') }), 'E-TIME'],
    ['of another state', () => ({ state: { country: 'XX', mrzCode: 'XXX' } }), 'E-DN'],
    ['that does not follow the one before', () => ({ previous: '1'.repeat(64) }), 'E-PREV'],
    [
      'for a subject of another country',
      (c) => first(c, { subject: { country: 'XX', sequence: '00001' } }),
      'E-DN',
    ],
    ['for a profile that is none', (c) => first(c, { profile: 'dsc-visa' }), 'E-KEY'],
    ['for a CSCA certificate', (c) => first(c, { profile: 'csca' }), 'E-KEY'],
    [
      'for an algorithm that the profile does not allow',
      (c) => first(c, { keyAlgorithm: 'ecdsa-P-256-sha512' }),
      'E-KEY',
    ],
    [
      'for a key of another curve',
      (c) => first(c, { keyAlgorithm: 'ecdsa-brainpoolP256r1-sha256' }),
      'E-KEY',
    ],
    [
      'for another period than the profile has',
      (c) =>
        first(c, {
          usage: { from: new Date('2026-01-02T00:00:00Z'), until: new Date('2027-01-02T00:00:00Z') },
        }),
      'E-VAL',
    ],
    [
      'for dates beyond the issuer’s',
      (c) =>
        first(c, {
          usage: { from: new Date('2031-01-01T00:00:00Z'), until: new Date('2031-04-01T00:00:00Z') },
        }),
      'E-VAL',
    ],
    ['for one key twice', ({ requests }) => ({ requests: [...requests, ...requests.slice(0, 1)] }), 'E-DUP'],
    [
      'that revokes what was never issued',
      () => ({
        revocations: [{ serialNumber: 5n, revocationDate: new Date('2026-01-01T00:00:00Z'), reason: 'x' }],
      }),
      'E-REV',
    ],
  ];
  it.each(crafted)('%s is refused, and nothing is made', async (_, change, rule) => {
    const before = await snapshot(world);
    const { content } = parseRequestBundle(request);
    const octets = await world.craft({ ...content, ...change(content) });
    await expect(processRequest(world.offline.deps, octets, silent)).rejects.toThrow(refusedBy(rule));
    expect(await snapshot(world)).toEqual(before);
  });

  it('with the proof of another key is refused', async () => {
    const { contentOctets, proofs } = parseRequestBundle(request);
    const octets = await world.signRequest(contentOctets, proofs.toReversed());
    await expect(checkRequest(world.offline.deps, octets)).rejects.toThrow(refusedBy('E-POP'));
  });

  it('is refused where no partner is pinned', async () => {
    const deps = { ...world.offline.deps, partner: undefined };
    await expect(checkRequest(deps, request)).rejects.toThrow(refusedBy('E-PARTNER'));
  });
});

describe('an answer', () => {
  let world: CeremonyWorld;
  let request: Uint8Array;
  let response: Uint8Array;
  const accept = async (octets: Uint8Array, changes = {}) =>
    acceptResponse({ ...world.online.deps, anchor: await anchorOf(world), ...changes }, octets);
  beforeAll(async () => {
    ({ world, request } = await withRequest());
    response = await processRequest(world.offline.deps, request, silent);
    world.now = new Date(world.now.getTime() + day);
  });
  afterAll(() => world.close());

  it('is refused with any octet changed', async () => {
    const before = await snapshot(world);
    for (let offset = 0; offset < response.length; offset += 3) {
      const changed = response.slice();
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      await expect(accept(changed)).rejects.toMatchObject({
        kind: expect.stringMatching(/^(refused|malformed)$/),
      });
    }
    expect(await snapshot(world)).toEqual(before);
  });

  it('is refused by another instance, and under another anchor', async () => {
    await expect(accept(response, { instanceId: '1'.repeat(32) })).rejects.toThrow(refusedBy('E-TO'));
    await expect(accept(response, { anchor: '1'.repeat(64) })).rejects.toThrow(refusedBy('E-CSCA'));
    expect(await world.online.deps.records.certificates()).toEqual([]);
  });

  it('brings certificates and CRL that a border trusts, all at once and once only', async () => {
    const { certificates, crl } = await accept(response);
    expect(certificates.map(({ profile }) => profile)).toEqual([
      'csca',
      'dsc-passport',
      'master-list-signer',
    ]);
    expect(crl.crlNumber).toBe(2n);
    const [root, dsc] = certificates;
    const trust = buildTrustStore([decodeCertificate(root?.der ?? new Uint8Array())]);
    const crls = [decodeCrl(crl.der)];
    const certificate = dsc?.der ?? new Uint8Array();
    const report = verifyCertificate({
      certificate,
      trust,
      crls,
      at: world.now,
      strict: true,
      requireCrl: true,
    });
    expect(report.verdict).toBe('TRUSTED');
    await expect(accept(response)).rejects.toThrow(refusedBy('E-SEQ'));
  });

  it('is given once: a request that comes again is refused', async () => {
    await expect(processRequest(world.offline.deps, request, silent)).rejects.toThrow(refusedBy('E-SEQ'));
  });

  it('refuses a key that is certified already, and requests that come out of order', async () => {
    world.now = new Date(world.now.getTime() + day);
    const { content, sha256 } = parseRequestBundle(request);
    const again = { ...content, sequence: 2, previous: sha256, createdAt: world.now };
    await expect(checkRequest(world.offline.deps, await world.craft(again))).rejects.toThrow(
      refusedBy('E-DUP'),
    );
    const options = { profiles: ['dsc-passport'], crlOnly: false };
    const second = await requestCertificates(world.online.deps, planned, options, silent);
    await withdrawRequest(world.online.deps, 'test');
    const third = await requestCertificates(world.online.deps, planned, options, silent);
    expect(parseRequestBundle(third).content.requests[0]?.keyId).toBe(
      parseRequestBundle(second).content.requests[0]?.keyId,
    );
    expect((await checkRequest(world.offline.deps, third)).missing).toEqual([2]);
    const answer = await processRequest(world.offline.deps, third, silent);
    await expect(processRequest(world.offline.deps, second, silent)).rejects.toThrow(refusedBy('E-SEQ'));
    world.now = new Date(world.now.getTime() + day);
    await accept(answer);
    expect(parseResponseBundle(answer).content.previous).toBe(
      createHash('sha256').update(response).digest('hex'),
    );
  });

  it('has every kind of signer on its token certified', async () => {
    const { online, offline } = world;
    const others = [
      { profile: 'deviation-list-signer', keyAlgorithm: 'ecdsa-P-256-sha256' },
      { profile: 'vds-signer', keyAlgorithm: 'ecdsa-P-256-sha256', name: 'VS' },
      { profile: 'vds-nc-signer', keyAlgorithm: 'ecdsa-P-256-sha256', name: 'HEALTH01' },
      { profile: 'lds2-visa-signer', keyAlgorithm: 'ecdsa-P-256-sha256', name: 'TR1' },
      { profile: 'dtc-signer', keyAlgorithm: 'ecdsa-P-256-sha256' },
    ];
    const plan = {
      csca: offlinePlan,
      documentSigners: [],
      masterListSigner: planned[1],
      accessCa: planned[1],
    };
    const signers = plannedSigners({ ...plan, otherSigners: others }, online.deps.policies).slice(1);
    const wanted = { profiles: others.map(({ profile }) => profile), crlOnly: false };
    const asked = await requestCertificates(online.deps, signers, wanted, silent);
    world.now = new Date(world.now.getTime() + day);
    await accept(await processRequest(offline.deps, asked, silent));
    const issued = (await online.deps.records.certificates()).slice(-others.length);
    expect(issued.map(({ profile }) => profile)).toEqual(others.map(({ profile }) => profile));
    expect(issued[1]?.serialNumber).toBeLessThan(1n << 20n);
  });

  describe('to the PKCS#10 request of a holder outside', () => {
    const hosts = ['pkd.utopia.example', '192.0.2.7'];
    const options = (holder: HolderRequest) => ({ profiles: [], crlOnly: false, holder });
    const holderOf = (csr: Uint8Array, changes: Partial<HolderRequest> = {}): HolderRequest => {
      return { csr, profile: 'communication', name: undefined, hosts, ...changes };
    };
    const csr = opensslRequest('P-256');
    const ask = (holder: HolderRequest) =>
      requestCertificates(world.online.deps, planned, options(holder), silent);

    it.each([
      ['of another country', holderOf(opensslRequest('P-256', '/C=XX/CN=a')), 'Q-DN'],
      ['with a key of another kind', holderOf(opensslRequest('brainpoolP256r1')), 'Q-KEY'],
      ['cut off', holderOf(csr.subarray(0, -1)), 'Q-FORM'],
      ['for the profile of a signer', holderOf(csr, { profile: 'dsc-passport' }), 'Q-PROFILE'],
      ['without a name', holderOf(opensslRequest('P-256', '/C=UT')), 'Q-NAME'],
    ])('%s is never passed on', async (_, holder, rule) => {
      const before = await snapshot(world);
      await expect(ask(holder)).rejects.toThrow(refusedBy(rule));
      expect(await snapshot(world)).toEqual(before);
    });

    it('is a certificate that OpenSSL reads, on record on both machines', async () => {
      const { online, offline } = world;
      const passedOn = await ask(holderOf(csr));
      // No key on the token is asked for along with it, and while it is open the same file comes back.
      expect(parseRequestBundle(passedOn).content.requests).toHaveLength(1);
      expect(await ask(holderOf(csr))).toEqual(passedOn);
      const other = holderOf(opensslRequest('P-256'));
      await expect(ask(other)).rejects.toThrow(refusedBy('E-OPEN'));
      world.now = new Date(world.now.getTime() + day);
      const answered = await processRequest(offline.deps, passedOn, silent);
      await accept(answered);
      const [record] = (await online.deps.records.certificates()).slice(-1);
      const certificate = decodeCertificate(record?.der ?? new Uint8Array(), { strict: true });
      expect(record).toMatchObject({ profile: 'communication', keyId: undefined });
      const { subjectPublicKey } = decodeCertificationRequest(csr);
      expect(certificate.subjectPublicKey.bytes).toEqual(subjectPublicKey.bytes);
      expect(certificate.subject.display).toBe('C=UT,O=Utopia,CN=pkd.utopia.example');
      const file = join(online.folder, 'holder.cer');
      writeFileSync(file, record?.der ?? '');
      const text = execFileSync('openssl', ['x509', '-in', file, '-noout', '-text'], { encoding: 'utf8' });
      expect(text).toContain('DNS:pkd.utopia.example, IP Address:192.0.2.7');
      // Neither machine has the same key certified again.
      await expect(ask(holderOf(csr))).rejects.toThrow(refusedBy('Q-DUP'));
    });

    it('is refused by the CSCA where the other machine has changed what its holder signed', async () => {
      const passedOn = await ask(holderOf(opensslRequest('P-256')));
      const { content } = parseRequestBundle(passedOn);
      const [request] = content.requests;
      const key = (change: Partial<RequestContent['requests'][number]>) => {
        return { ...content, requests: request === undefined ? [] : [{ ...request, ...change }] };
      };
      const strange = decodeCertificationRequest(opensslRequest('P-256')).subjectPublicKey.bytes;
      const flipped = Uint8Array.from(request?.csr ?? []);
      flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
      const before = await snapshot(world);
      for (const [change, rule] of [
        [{ publicKey: strange }, 'E-POP'],
        [{ csr: flipped }, 'E-POP'],
        [{ csr: undefined }, 'E-POP'],
        [{ profile: 'dsc-passport' }, 'Q-PROFILE'],
        [{ keyAlgorithm: 'ecdsa-P-384-sha384' }, 'E-KEY'],
        [{ subject: { country: 'UT', name: 'a' } }, 'Q-HOST'],
        [{ subject: { country: 'XX', name: 'a', hosts } }, 'E-DN'],
      ] as [Partial<RequestContent['requests'][number]>, string][]) {
        const octets = encodeRequestContent(key(change));
        const bundle = await world.signRequest(octets, [new Uint8Array()]);
        await expect(checkRequest(world.offline.deps, bundle)).rejects.toThrow(refusedBy(rule));
      }
      expect(await snapshot(world)).toEqual(before);
      await withdrawRequest(world.online.deps, 'test');
    });

    it('comes at once where the CSCA is on the same machine', async () => {
      const { deps } = world.offline;
      const own = opensslRequest('RSA 3072', '/C=UT/CN=spoc');
      const spoc = holderOf(own, { profile: 'spoc-client', hosts: [] });
      const issued = await issueForHolder(deps, spoc);
      expect(decodeCertificate(issued.der).subject.commonName).toBe('SPOC TLS client');
      await expect(issueForHolder(deps, spoc)).rejects.toThrow(refusedBy('Q-DUP'));
      const named = holderOf(opensslRequest('P-256'), { profile: 'spoc-client', hosts: [], name: 'x' });
      await expect(issueForHolder(deps, named)).rejects.toThrow(refusedBy('Q-NAME'));
    });

    it('does not come under a CSCA key that has no time left for it', async () => {
      const old = await introduced();
      await old.run(ceremony('root', rootSteps));
      const root = decodeCertificate((await old.offline.deps.records.certificates())[0]?.der ?? csr);
      old.now = new Date(root.notAfter.getTime() - 30 * day);
      await expect(issueForHolder(old.offline.deps, holderOf(csr))).rejects.toThrow(refusedBy('C-VAL'));
      const keys = (await old.offline.deps.records.keys()).length;
      const signer = { planned: planned[0], role: 'document-signer', number: 1 } as const;
      await expect(makeCertifiedKey(old.offline.deps, signer, silent)).rejects.toThrow(refusedBy('C-VAL'));
      expect(await old.offline.deps.records.keys()).toHaveLength(keys);
      expect(await old.offline.deps.records.certificates()).toHaveLength(1);
      expect(await old.offline.deps.records.openIntents()).toHaveLength(0);
      old.close();
    });
  });

  it('asks for nothing where a profile needs a name that nobody gave', async () => {
    const unnamed = {
      profile: 'vds-signer',
      keyAlgorithm: 'ecdsa-P-256-sha256',
      role: 'vds-signer',
    } as const;
    const keys = (await world.online.deps.records.keys()).length;
    const made = requestCertificates(
      world.online.deps,
      [unnamed],
      { profiles: ['vds-signer'], crlOnly: false },
      silent,
    );
    await expect(made).rejects.toMatchObject({
      kind: 'refused',
      details: { field: 'keys.otherSigners.name' },
    });
    expect(await world.online.deps.records.keys()).toHaveLength(keys);
  });

  it('asks for nothing under a name that the CSCA would refuse, and makes no key for it', async () => {
    const planned = {
      profile: 'vds-signer',
      keyAlgorithm: 'ecdsa-P-256-sha256',
      role: 'vds-signer',
      name: 'vsx',
    } as const;
    const { deps } = world.online;
    const keys = (await deps.records.keys()).length;
    const made = requestCertificates(deps, [planned], { profiles: ['vds-signer'], crlOnly: false }, silent);
    await expect(made).rejects.toMatchObject({ kind: 'refused', details: { rule: 'C-DN1-VDS-CN' } });
    expect(await deps.records.keys()).toHaveLength(keys);
  });

  it('carries the announcement of a new CSCA key, and shows it until it is there', async () => {
    const { online, offline } = world;
    const asked = await requestCertificates(online.deps, planned, { profiles: [], crlOnly: true }, silent);
    world.now = new Date(world.now.getTime() + day);
    const announcedAt = new Date('2026-12-01T00:00:00Z');
    const catalogue = new Catalogue(online.deps);
    const before = await catalogue.current();
    expect(before.rollover).toBeUndefined();
    expect(await catalogue.current()).toBe(before);
    await accept(await processRequest(offline.deps, asked, silent, announcedAt));
    const { rollover } = await catalogue.current();
    expect(rollover?.announcedAt).toEqual(announcedAt);
    expect(rollover?.notBefore).toEqual(new Date('2027-03-01T00:00:00Z'));

    const again = await requestCertificates(online.deps, planned, { profiles: [], crlOnly: true }, silent);
    world.now = new Date(world.now.getTime() + day);
    const other = new Date('2026-12-05T00:00:00Z');
    const contradicting = await processRequest(offline.deps, again, silent, other);
    await expect(accept(contradicting)).rejects.toThrow(refusedBy('E-NOTICE'));
    expect((await catalogue.current()).rollover?.announcedAt).toEqual(announcedAt);
    await withdrawRequest(online.deps, 'announced twice');
  });

  it('carries revocations to the CSCA and the CRL back', async () => {
    const { records } = world.online.deps;
    const dsc = (await records.certificates()).find(({ profile }) => profile === 'dsc-passport');
    const serialNumber = dsc?.serialNumber ?? 0n;
    await records.revoke({ serialNumber, revocationDate: world.now, reason: 'keyCompromise' });
    const options = { profiles: [], crlOnly: false };
    const revoking = await requestCertificates(world.online.deps, planned, options, silent);
    world.now = new Date(world.now.getTime() + day);
    await accept(await processRequest(world.offline.deps, revoking, silent));
    const crl = decodeCrl((await records.latestCrl())?.der ?? new Uint8Array(), { strict: true });
    expect([...crl.revokedCertificates].map((entry) => entry.serialNumber)).toEqual([serialNumber]);
  });
});

const offlinePlan = { offline: true } as const;

describe('the signer that signs bundles is no oracle', () => {
  let world: CeremonyWorld;
  let request: Uint8Array;
  beforeAll(async () => {
    ({ world, request } = await withRequest());
  });
  afterAll(() => world.close());
  const sign = (content: Uint8Array, keyId = world.onlineExchangeKey) =>
    world.online.core.signBundle({ keyId, kind: 'request', content });

  it('signs no content that is not a bundle', async () => {
    await expect(sign(Uint8Array.from(Buffer.from('{"a":1}')))).rejects.toThrow(/request/);
    await expect(sign(Uint8Array.of(0x31, 0))).rejects.toThrow(/JSON/);
  });

  it('signs with exchange keys only', async () => {
    const { content, contentOctets } = parseRequestBundle(request);
    await expect(sign(contentOctets, content.requests[0]?.keyId)).rejects.toThrow(/is not for exchange/);
    const csca = (await world.offline.deps.records.keys()).find(({ role }) => role === 'csca');
    await expect(sign(contentOctets, csca?.keyId)).rejects.toThrow(/is not for exchange/);
  });

  it('certifies a requested key from its bundle only, and as it was requested', async () => {
    const { content } = parseRequestBundle(request);
    const requestKeyId = content.requests[0]?.keyId ?? '';
    const [root] = await world.offline.deps.records.certificates();
    const order = {
      profile: 'dsc-passport',
      subject: { sequence: '00001' },
      subjectKey: { requested: { bundle: request, requestKeyId } },
      keyAlgorithm: 'ecdsa-P-256-sha256',
      issuer: {
        keyId: root?.keyId ?? '',
        certificate: root?.der ?? new Uint8Array(),
        keyAlgorithm: 'ecdsa-P-384-sha384',
      },
      policyDigest: world.offline.deps.policies.digest,
      serialNumber: 99n,
      notBefore: world.now,
    };
    const { core } = world.offline;
    expect((await core.signCertificate(order)).length).toBeGreaterThan(500);
    await expect(core.signCertificate({ ...order, subject: { sequence: '00002' } })).rejects.toThrow(
      refusedBy('E-ORDER'),
    );
    const foreign = await world.craft({ ...content, requests: content.requests.slice(1) });
    const other = { requested: { bundle: foreign, requestKeyId } };
    await expect(core.signCertificate({ ...order, subjectKey: other })).rejects.toThrow(refusedBy('E-POP'));
    await world.online.pin(undefined);
    await expect(world.online.core.signCertificate(order)).rejects.toThrow(refusedBy('E-SIG'));
  });
});
