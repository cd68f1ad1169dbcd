import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCeremonyFolder } from '../../src/adapters/ceremony-folder/index.ts';
import { openRecords, type Records } from '../../src/adapters/store/index.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/formats/algorithms/encode-subject-public-key-info.ts';
import { type Ceremony, parseCeremony } from '../../src/rules/ceremony/ceremony-file.ts';
import { parseTranscript } from '../../src/rules/ceremony/transcript.ts';
import { algorithmOf, exchangeKeyAlgorithm, signedOctets } from '../../src/rules/exchange/exchange-key.ts';
import {
  encodeRequestBundle,
  encodeRequestContent,
  type RequestContent,
  requestSignedJson,
} from '../../src/rules/exchange/request-bundle.ts';
import type { CeremonyDeps, PreviousCeremony } from '../../src/services/ceremony/ceremony-deps.ts';
import type { CeremonyFolder } from '../../src/services/ceremony/ceremony-folder.ts';
import { carryOutCeremony, prepareCeremony } from '../../src/services/ceremony/run-ceremony.ts';
import type { ExchangeDeps } from '../../src/services/exchange/exchange-deps.ts';
import { establishExchangeKey } from '../../src/services/exchange/exchange-key.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { shippedPolicies } from './policies.ts';
import type { TestToken } from './token.ts';
import { signerOver } from './signer-over.ts';
import { utopia } from './utopia.ts';

const policies = shippedPolicies();
export const planned = [
  { profile: 'dsc-passport', keyAlgorithm: 'ecdsa-P-256-sha256', role: 'document-signer' },
  { profile: 'master-list-signer', keyAlgorithm: 'ecdsa-P-256-sha256', role: 'master-list-signer' },
] as const;
export const silent = (): void => undefined;

/** One machine with records of its own; keys of several machines lie on one token here and know nothing of it. */
class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-machine-'));
  readonly records: Records;
  readonly #token: TestToken;
  readonly #world: { now: Date };
  deps!: ExchangeDeps;
  core!: SigningCore;

  constructor(token: TestToken, world: { now: Date }) {
    this.#token = token;
    this.#world = world;
    this.records = openRecords(join(this.folder, 'records.sqlite'), { now: () => world.now });
  }

  async pin(partner: ExchangeDeps['partner']): Promise<void> {
    this.core = new SigningCore(this.#token.token, policies, utopia, partner);
    this.deps = {
      signer: signerOver(this.core),
      records: this.records.issuance,
      exchange: this.records.exchange,
      clock: { now: () => this.#world.now },
      random: { octets: (count) => Uint8Array.from(randomBytes(count)) },
      policies,
      state: utopia,
      instanceId: await this.records.exchange.instanceId(),
      partner,
    };
  }

  close(): void {
    this.records.close();
    rmSync(this.folder, { recursive: true });
  }
}

export const witnesses = ['Ada', 'Bruno'];

/** An online instance and its offline CSCA, with a clock that the test moves. */
export class CeremonyWorld {
  now = new Date('2026-01-01T00:00:00Z');
  readonly token: TestToken;
  readonly online: Machine;
  readonly offline: Machine;
  #before: PreviousCeremony | undefined;

  constructor(token: TestToken) {
    this.token = token;
    this.online = new Machine(token, this);
    this.offline = new Machine(token, this);
  }

  /** Each has its exchange key and knows the other's. */
  async introduce(): Promise<void> {
    await this.online.pin(undefined);
    await this.offline.pin(undefined);
    const pins = [];
    for (const { deps } of [this.online, this.offline]) {
      const { keyId } = await establishExchangeKey(deps);
      const { publicKey } = await this.token.token.findKey(keyId, 'exchange');
      pins.push({ instanceId: deps.instanceId, publicKey: encodeSubjectPublicKeyInfo(publicKey, 'named') });
    }
    await this.online.pin(pins[1]);
    await this.offline.pin(pins[0]);
  }

  ceremonyFolder(name: string): CeremonyFolder {
    const parent = join(this.offline.folder, 'ceremonies');
    mkdirSync(parent, { recursive: true });
    return new FileCeremonyFolder(join(parent, name), this.offline.folder);
  }

  async ceremonyDeps(name: string, changes: Partial<CeremonyDeps> = {}): Promise<CeremonyDeps> {
    const folder = this.ceremonyFolder(name);
    const token = await this.token.token.status();
    const own = { folder, environment: 'production', software: 'test', token, before: this.#before } as const;
    return { ...this.offline.deps, ...own, ...changes };
  }

  /** Prepares and carries out; the next ceremony follows it. */
  async run(ceremony: Ceremony, changes: Partial<CeremonyDeps> = {}, names = witnesses): Promise<string> {
    const deps = await this.ceremonyDeps(ceremony.ceremony, changes);
    const seal = await carryOutCeremony(deps, await prepareCeremony(deps, ceremony, names), silent);
    const { head } = parseTranscript(deps.folder.transcript());
    this.#before = { ceremony: ceremony.ceremony, isSealed: true, head, at: this.now };
    return seal;
  }

  /** A request as the online instance would sign it, with content that it would not sign. */
  async craft(content: RequestContent): Promise<Uint8Array> {
    const { token } = this.token;
    const octets = encodeRequestContent(content);
    const proofs: Uint8Array[] = [];
    for (const { keyId, keyAlgorithm } of content.requests) {
      const isOfDocuments = await token.findKey(keyId, 'document-signer').then(
        () => true,
        () => false,
      );
      const role = isOfDocuments ? 'document-signer' : 'master-list-signer';
      const { signature } = algorithmOf(keyAlgorithm);
      proofs.push(await token.sign(keyId, role, signature, signedOctets('proof', octets)));
    }
    return this.signRequest(octets, proofs);
  }

  async signRequest(octets: Uint8Array, proofs: readonly Uint8Array[]): Promise<Uint8Array> {
    const { signature } = algorithmOf(exchangeKeyAlgorithm);
    const json = requestSignedJson(octets, proofs);
    const key = this.onlineExchangeKey;
    return encodeRequestBundle(
      octets,
      proofs,
      await this.token.token.sign(key, 'exchange', signature, signedOctets('request', json)),
    );
  }

  onlineExchangeKey = '';

  close(): void {
    this.online.close();
    this.offline.close();
  }
}

/** A ceremony file of the steps given as YAML list items. */
export function ceremony(
  name: string,
  steps: readonly string[],
  changes: Record<string, string> = {},
): Ceremony {
  const text = `ceremony: ${name}
title: A test
instance: { environment: production, country: ${changes['country'] ?? 'UT'}, organization: Utopia${changes['id'] ? `, id: "${changes['id']}"` : ''} }
token: { label: ${changes['token'] ?? 'test'} }
${changes['policyDigest'] ? `policyDigest: "${changes['policyDigest']}"` : ''}
present: { minimum: 2, witnesses: [{ name: Ada, role: leader }, { name: Bruno, role: auditor }, { name: Carla, role: custodian }] }
steps:
${steps.map((step) => `  - { ${step} }`).join('\n')}
`;
  return parseCeremony({ file: `${name}.yaml`, text });
}

export const rootSteps = [
  'step: make-key, label: csca-00001, role: csca, keyAlgorithm: ecdsa-P-384-sha384',
  'step: issue-certificate, profile: csca, key: csca-00001, issuer: self, sequence: "00001"',
  'step: sign-crl, issuer: csca-00001',
  'step: export, what: certificate, key: csca-00001, file: csca.cer',
];
