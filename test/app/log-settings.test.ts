import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Configuration, logSettings, parseConfiguration } from '../../src/app/instance/configuration.ts';

const base = {
  environment: 'production',
  state: {
    country: 'UT',
    mrzCode: 'UTO',
    organization: 'Utopia',
    contact: 'mailto:pki@utopia.example',
    distribution: 'https://pkd.utopia.example/files',
  },
  policies: 'policies',
  token: { module: '/m.so', tokenLabel: 't', pinFile: 'pin', environment: {}, processes: 1 },
  keys: {
    csca: { offline: true },
    documentSigners: [{ profile: 'dsc-passport', keyAlgorithm: 'ecdsa-P-256-sha256' }],
    masterListSigner: { profile: 'master-list-signer', keyAlgorithm: 'ecdsa-P-256-sha256' },
    accessCa: { profile: 'access-ca', keyAlgorithm: 'ecdsa-P-256-sha256' },
  },
  http: { address: '0.0.0.0', hosts: ['localhost'], portBase: 8440 },
  limits: { deadlineMs: 1_000, maxInFlight: 8, maxBodyOctets: 65_536 },
};
/** Cut short. */
const cosigner = 'w.example/1+aa2c3aab';
const logKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const log = {
  origin: 'log.example/x',
  keyAlgorithm: 'ed25519',
  witnesses: [],
  cosignatures: 0,
  witnessDeadlineMs: 1_000,
};

function configuration(written: object): Configuration {
  const source = { file: 'sigillo.yaml', text: stringify({ ...base, ...written }) };
  expect(parse(source.text)).toBeTypeOf('object');
  return parseConfiguration(source) as Configuration;
}

describe('log in sigillo.yaml', () => {
  it('is named after the distribution where it was written before there was one', () => {
    expect(logSettings(configuration({}))).toMatchObject({
      origin: 'pkd.utopia.example/files/log',
      keyAlgorithm: 'ed25519',
      witnesses: [],
      cosignatures: 0,
    });
    expect(logSettings(configuration({ log }))).toEqual(log);
  });

  it.each([
    ['an origin with a space', { origin: 'a b' }],
    ['an origin with a plus', { origin: 'a+b' }],
    ['a key algorithm that no witness reads', { keyAlgorithm: 'ecdsa-P-384-sha384' }],
    ['more cosignatures than witnesses', { cosignatures: 1 }],
    ['a witness with the vkey of a log', { witnesses: [{ vkey: logKey, url: 'https://w.example' }] }],
    ['a witness with no vkey', { witnesses: [{ vkey: cosigner, url: 'https://w.example' }] }],
    ['a witness that is not reached by HTTP', { witnesses: [{ vkey: logKey, url: 'file:///etc/passwd' }] }],
    ['a key of its own', { spelling: 'mistake' }],
  ])('refuses %s', (_, wrong) => {
    expect(() => configuration({ log: { ...log, ...wrong } })).toThrow(/sigillo\.yaml.* log/);
  });
});
