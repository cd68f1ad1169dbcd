import { describe, expect, it } from 'vitest';
import { parsePolicies } from '../../src/rules/profile/policies.ts';
import { holderKey } from '../../src/services/signing-core/holder-key.ts';
import { opensslRequest, type RequestKey } from '../support/certification-request.ts';
import { shippedPolicies, shippedPolicySources } from '../support/policies.ts';

const context = { policies: shippedPolicies(), country: 'UT' };
const hosts = ['pkd.utopia.example'];
const order = { profile: 'communication', hosts };
const good = opensslRequest('P-256');

const refusedBy = (rule: string, mend: RegExp = /./): unknown =>
  expect.objectContaining({
    kind: 'refused',
    details: expect.objectContaining({
      rule,
      field: expect.stringMatching(/./),
      source: expect.stringMatching(/./),
      mend: expect.stringMatching(mend),
    }),
  });

describe('a key that lives with its holder may be certified', () => {
  it.each([
    ['P-256', [], 'ecdsa-P-256-sha256'],
    ['P-384', ['-sha384'], 'ecdsa-P-384-sha384'],
    ['RSA 3072', [], 'rsassa-pkcs1-3072-sha256'],
    [
      'RSA 3072',
      ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
      'rsassa-pkcs1-3072-sha256',
    ],
  ] as const)('%s %j', (key, options, keyAlgorithm) => {
    expect(holderKey(opensslRequest(key, undefined, options), order, context)).toMatchObject({
      keyAlgorithm,
    });
  });

  it('on a curve that the policy of a state allows', () => {
    const sources = shippedPolicySources().map(({ file, text }) => ({
      file,
      text: file.endsWith('/communication.yaml')
        ? text.replace('- ecdsa-P-256-sha256', '- ecdsa-brainpoolP256r1-sha256')
        : text,
    }));
    const key = holderKey(opensslRequest('brainpoolP256r1'), order, {
      ...context,
      policies: parsePolicies(sources),
    });
    expect(key.keyAlgorithm).toBe('ecdsa-brainpoolP256r1-sha256');
  });

  it('where its request asks for what the profile has, and for hosts that were given', () => {
    const options = [
      '-addext',
      'subjectAltName=DNS:a.example,IP:192.0.2.7',
      '-addext',
      'keyUsage=keyAgreement',
    ];
    const csr = opensslRequest('P-256', undefined, options);
    const given = { ...order, hosts: ['a.example', '192.0.2.7', 'b.example'] };
    expect(holderKey(csr, given, context).profile.profile).toBe('communication');
  });
});

describe('a request is refused', () => {
  it.each([
    ['RSA 1024', 'Q-KEY', /rsassa-pkcs1-3072/],
    ['brainpoolP256r1', 'Q-KEY', /ecdsa-P-256/],
    ['secp256k1', 'Q-KEY', /ecdsa-P-256/],
    ['Ed25519', 'Q-KEY', /ecdsa-P-256/],
    ['P-256 with explicit parameters', 'Q-KEY', /name of its curve/],
    ['RSASSA-PSS 3072', 'Q-KEY', /rsaEncryption/],
  ] as const)('for a key of the kind %s', (key: RequestKey, rule, mend) => {
    expect(() => holderKey(opensslRequest(key), order, context)).toThrow(refusedBy(rule, mend));
  });

  it('with one bit of any octet changed', () => {
    for (let at = 0; at < good.length; at += 1) {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ 0x04;
      expect(() => holderKey(changed, order, context), `octet ${at}`).toThrow(
        expect.objectContaining({ kind: 'refused' }),
      );
    }
  });

  it('signed with SHA-1', () => {
    const csr = opensslRequest('RSA 3072', undefined, ['-sha1']);
    expect(() => holderKey(csr, order, context)).toThrow(refusedBy('Q-POP', /SHA-256/));
  });

  it.each(['/C=XX/CN=a', '/CN=a'])('for a subject of another country: %s', (subject) => {
    const csr = opensslRequest('P-256', subject);
    expect(() => holderKey(csr, order, context)).toThrow(refusedBy('Q-DN', /C=UT/));
  });

  it.each([
    ['cut off', good.subarray(0, 100)],
    ['with octets after it', Uint8Array.of(...good, 0)],
    ['in BER', Uint8Array.of(0x30, 0x80, ...good.subarray(3), 0, 0)],
    ['that is empty', new Uint8Array()],
  ])('%s', (_, csr) => {
    expect(() => holderKey(csr, order, context)).toThrow(refusedBy('Q-FORM', /openssl req/));
  });

  it.each(['basicConstraints=critical,CA:TRUE', 'nsComment=x', '1.2.3.4=DER:0500'])(
    'that asks for an extension that its profile does not have: %s',
    (extension) => {
      const csr = opensslRequest('P-256', undefined, ['-addext', extension]);
      expect(() => holderKey(csr, order, context)).toThrow(refusedBy('Q-EXT'));
    },
  );

  it.each([
    ['none for a server', 'communication', []],
    ['one for a client', 'spoc-client', hosts],
    ['a wildcard', 'communication', ['*.utopia.example']],
    ['no address', 'communication', ['192.0.2.300']],
    ['a URI', 'communication', ['https://utopia.example']],
    ['an empty one', 'communication', ['']],
  ])('with hosts that do not do: %s', (_, profile, given) => {
    expect(() => holderKey(good, { profile, hosts: given }, context)).toThrow(refusedBy('Q-HOST'));
  });

  it('that asks for a host that the officer did not give', () => {
    const csr = opensslRequest('P-256', undefined, ['-addext', 'subjectAltName=DNS:other.example']);
    expect(() => holderKey(csr, order, context)).toThrow(refusedBy('Q-HOST', /--host other\.example/));
  });

  it.each(['dsc-passport', 'csca', 'access-client', 'nothing'])('for the profile %s', (profile) => {
    expect(() => holderKey(good, { profile }, context)).toThrow(refusedBy('Q-PROFILE', /communication/));
  });
});
