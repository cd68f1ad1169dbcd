import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import { oidName } from '../../src/formats/oids.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import type { CertificateOrder, KeyRole, SodOrder } from '../../src/services/ports.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { opensslRequest } from '../support/certification-request.ts';
import { shippedPolicies } from '../support/policies.ts';
import { openTestToken, type TestToken } from '../support/token.ts';
import { utopia } from '../support/utopia.ts';

const policies = shippedPolicies();
const notBefore = new Date('2026-11-01T00:00:00Z');

let test: TestToken;
let core: SigningCore;
let csca: { keyId: string; certificate: Uint8Array; keyAlgorithm: string };
let dsc: { keyId: string; certificate: Uint8Array; keyAlgorithm: string };

async function keyPair(role: KeyRole, label: string, keyAlgorithm: string): Promise<string> {
  const keyId = randomBytes(16).toString('hex');
  await core.generateKeyPair({ keyId, role, label, keyAlgorithm });
  return keyId;
}

let lastSerial = 1000n;
function issue(
  profile: string,
  keyId: string,
  keyAlgorithm: string,
  changes: Partial<CertificateOrder> = {},
) {
  lastSerial += 1n;
  return core.signCertificate({
    profile,
    subject: { sequence: '00001' },
    subjectKey: { keyId },
    keyAlgorithm,
    issuer: profile === 'csca' ? undefined : csca,
    serialNumber: lastSerial,
    policyDigest: policies.digest,
    notBefore,
    ...changes,
  });
}

beforeAll(async () => {
  test = openTestToken();
  core = new SigningCore(test.token, policies, utopia);
  const cscaAlgorithm = 'ecdsa-brainpoolP384r1-sha384';
  const cscaKey = await keyPair('csca', 'csca', cscaAlgorithm);
  const root = await issue('csca', cscaKey, cscaAlgorithm);
  csca = { keyId: cscaKey, certificate: root, keyAlgorithm: cscaAlgorithm };
  const dscAlgorithm = 'ecdsa-brainpoolP256r1-sha256';
  const dscKey = await keyPair('document-signer', 'dsc', dscAlgorithm);
  dsc = {
    keyId: dscKey,
    certificate: await issue('dsc-passport', dscKey, dscAlgorithm),
    keyAlgorithm: dscAlgorithm,
  };
});
afterAll(() => test.remove());

function sodOrder(changes: Partial<SodOrder> = {}): SodOrder {
  return {
    keyId: dsc.keyId,
    keyAlgorithm: dsc.keyAlgorithm,
    documentSigner: dsc.certificate,
    documentType: 'P',
    digestAlgorithm: 'SHA-256',
    lds: { version: '1.8', unicodeVersion: '040000' },
    dataGroupHashes: new Map([
      [2, new Uint8Array(32)],
      [1, new Uint8Array(32).fill(1)],
    ]),
    signingTime: new Date('2026-11-21T12:00:00Z'),
    ...changes,
  };
}

const refusal = (code: string, rule?: string): unknown =>
  expect.objectContaining({
    kind: 'refused',
    code,
    ...(rule === undefined ? {} : { details: expect.objectContaining({ rule }) }),
  });

describe('the signing core is no signing oracle', () => {
  it('signs an EF.SOD that its Document Signer may sign', async () => {
    const { signedData, ldsSecurityObject } = decodeEfSod(await core.signSod(sodOrder()), { strict: true });
    expect([...ldsSecurityObject.dataGroupHashes.keys()]).toEqual([1, 2]);
    expect(signedData.certificates[0]?.bytes).toEqual(dsc.certificate);
    expect(signedData.signerInfos[0]?.signedAttributes?.signingTime).toEqual(
      new Date('2026-11-21T12:00:00Z'),
    );
  });

  it.each([
    [
      'after the private key usage period',
      { signingTime: new Date('2027-02-02T00:00:00Z') },
      'key-not-active',
      'S-PKUP',
    ],
    [
      'before the private key usage period',
      { signingTime: new Date('2026-10-31T23:59:59Z') },
      'key-not-active',
      'S-PKUP',
    ],
    ['of a document type that the certificate does not list', { documentType: 'IR' }, 'policy', 'S-DTL'],
    ['with SHA-1', { digestAlgorithm: 'SHA-1' as const }, 'policy', 'S-SHA1'],
    [
      'without DG2',
      {
        dataGroupHashes: new Map([
          [1, new Uint8Array(32)],
          [3, new Uint8Array(32)],
        ]),
      },
      'policy',
      'S-DG',
    ],
  ])('refuses an EF.SOD %s', async (_, changes, code, rule) => {
    await expect(core.signSod(sodOrder(changes))).rejects.toThrow(refusal(code, rule));
  });

  it('refuses an EF.SOD under the key of the CSCA', async () => {
    await expect(
      core.signSod(sodOrder({ keyId: csca.keyId, documentSigner: csca.certificate })),
    ).rejects.toThrow(refusal('key-not-active'));
  });

  it('refuses an EF.SOD under a certificate of another key', async () => {
    await expect(core.signSod(sodOrder({ documentSigner: csca.certificate }))).rejects.toThrow(
      refusal('key-not-active'),
    );
  });

  it('refuses a certificate under the key of a Document Signer', async () => {
    const issuer = { ...csca, keyId: dsc.keyId };
    await expect(issue('dsc-passport', dsc.keyId, dsc.keyAlgorithm, { issuer })).rejects.toThrow(
      refusal('key-not-active'),
    );
  });

  it('refuses a CRL under the key of a Document Signer', async () => {
    const order = {
      issuer: { ...csca, keyId: dsc.keyId },
      crlNumber: 1n,
      thisUpdate: notBefore,
      revokedCertificates: { octets: 0, pieces: () => [] },
    };
    await expect(core.signCrl(order)).rejects.toThrow(refusal('key-not-active'));
  });

  it('refuses a master list under the key of a Document Signer', async () => {
    await expect(
      core.signMasterList({
        keyId: dsc.keyId,
        keyAlgorithm: dsc.keyAlgorithm,
        signer: dsc.certificate,
        csca: csca.certificate,
        certificates: [csca.certificate],
        signingTime: notBefore,
      }),
    ).rejects.toThrow(refusal('key-not-active'));
  });
});

describe('every kind of certificate (Doc 9303-12 §7.1)', () => {
  const decode = (der: Uint8Array) => decodeCertificate(der, { strict: true });
  const extensionsOf = (der: Uint8Array) =>
    [...decode(der).extensions.keys()].map((oid) => oidName(oid) ?? oid);
  const tokenKinds = [
    ['deviation-list-signer', 'deviation-list-signer', {}],
    ['master-list-signer', 'master-list-signer', {}],
    ['dsc-identity-card', 'document-signer', {}],
    ['dtc-signer', 'dtc-signer', {}],
    ['vds-signer', 'vds-signer', { subject: { name: 'VS' } }],
    ['vds-nc-signer', 'vds-nc-signer', { subject: { name: 'HEALTH01' } }],
    ['lds2-visa-signer', 'lds2-signer', { subject: { name: 'VISA00001' } }],
    ['lds2-travel-stamp-signer', 'lds2-signer', { subject: { name: 'STAMP0001' } }],
    ['lds2-biometrics-signer', 'lds2-signer', { subject: { name: 'BIO000001' } }],
  ] as const;

  it.each(tokenKinds)(
    '%s is strict, and has the extensions of its profile and no others',
    async (profile, role, changes) => {
      const keyId = await keyPair(role, profile, 'ecdsa-P-256-sha256');
      const der = await issue(profile, keyId, 'ecdsa-P-256-sha256', changes);
      expect(decode(der).notes).toEqual([]);
      expect(extensionsOf(der)).toEqual(Object.keys(policies.profiles.get(profile)?.extensions ?? {}));
    },
  );

  it.each([
    ['communication', { subject: { name: 'pkd.utopia.example' }, hosts: ['pkd.utopia.example'] }],
    ['spoc-client', {}],
    ['spoc-server', { hosts: ['spoc.utopia.example'] }],
  ] as const)('%s certifies a key that its holder keeps', async (profile, changes) => {
    const { publicKey } = await test.token.findKey(dsc.keyId, 'document-signer');
    const refused = refusal('policy');
    await expect(issue(profile, dsc.keyId, 'ecdsa-P-256-sha256', changes)).rejects.toThrow(refused);
    // Of a bare public key nobody knows who has the private one.
    const bare = issue(profile, '', 'ecdsa-P-256-sha256', { ...changes, subjectKey: { publicKey } });
    await expect(bare).rejects.toThrow(refused);
    const subjectKey = { csr: opensslRequest('P-256') };
    const other = issue(profile, '', 'ecdsa-P-384-sha384', { ...changes, subjectKey });
    await expect(other).rejects.toThrow(refused);
    const der = await issue(profile, '', 'ecdsa-P-256-sha256', { ...changes, subjectKey });
    const names = decode(der).subjectAltName;
    expect(names?.country).toBe('UTO');
    const hosts = names?.names.flatMap((entry) => (entry.kind === 'dNSName' ? [entry.value] : []));
    expect(hosts).toEqual('hosts' in changes ? changes.hosts : []);
  });

  it.each([
    ['vds-signer', 'vds-signer', 'VIS', /exactly two characters/],
    ['vds-signer', 'vds-signer', 'v1', /exactly two characters/],
    ['lds2-visa-signer', 'lds2-signer', 'VISA000001', /nine characters/],
  ] as const)('%s of the name %s %s is refused', async (profile, role, name, message) => {
    const keyId = await keyPair(role, `${profile}-${name}`, 'ecdsa-P-256-sha256');
    await expect(issue(profile, keyId, 'ecdsa-P-256-sha256', { subject: { name } })).rejects.toThrow(message);
  });

  const nextCsca = async (organization: string) => {
    const renamed = new SigningCore(test.token, policies, { ...utopia, organization });
    const keyAlgorithm = 'ecdsa-brainpoolP384r1-sha384';
    const keyId = await keyPair('csca', `csca-${organization}`, keyAlgorithm);
    lastSerial += 1n;
    const certificate = await renamed.signCertificate({
      profile: 'csca',
      subject: { sequence: '00002' },
      subjectKey: { keyId },
      keyAlgorithm,
      serialNumber: lastSerial,
      notBefore: new Date('2027-01-01T00:00:00Z'),
      policyDigest: policies.digest,
    });
    return { keyId, certificate, keyAlgorithm };
  };
  const linkTo = (successor: Awaited<ReturnType<typeof nextCsca>>) =>
    issue('csca-link', successor.keyId, successor.keyAlgorithm, {
      successor: successor.certificate,
      subject: {},
    });

  it('links to the next CSCA key: its name, key, periods and contact, signed by the old key (§7.1.1.5)', async () => {
    const successor = await nextCsca('Utopia');
    const link = decode(await linkTo(successor));
    const [oldRoot, newRoot] = [decode(csca.certificate), decode(successor.certificate)];
    expect(link.issuer.bytes).toEqual(oldRoot.subject.bytes);
    expect(link.subject.bytes).toEqual(newRoot.subject.bytes);
    expect(link.subjectKeyIdentifier).toEqual(newRoot.subjectKeyIdentifier);
    expect(link.authorityKeyIdentifier?.keyIdentifier).toEqual(oldRoot.subjectKeyIdentifier);
    expect(link.privateKeyUsagePeriod).toEqual(newRoot.privateKeyUsagePeriod);
    expect(link.notAfter).toEqual(oldRoot.notAfter);
    expect(link.basicConstraints).toMatchObject({ cA: true, pathLenConstraint: 0 });
    expect(link.notes).toEqual([]);
  });

  it('says nameChange exactly when the name of the CSCA changes', async () => {
    const renamed = decode(await linkTo(await nextCsca('Free Utopia')));
    expect(renamed.nameChange).toBe(true);
    expect(renamed.issuer.commonName).not.toBe(renamed.subject.commonName);
  });

  it('refuses a link without successor, and an order that was decided under other policies', async () => {
    const successor = await nextCsca('Link Utopia');
    await expect(issue('csca-link', successor.keyId, successor.keyAlgorithm)).rejects.toThrow(
      refusal('policy'),
    );
    const other = { policyDigest: '00' };
    await expect(issue('dsc-passport', dsc.keyId, dsc.keyAlgorithm, other)).rejects.toThrow(
      refusal('policy', 'policy-digest'),
    );
  });
});

describe('certificates (Doc 9303-12)', () => {
  it('issues CSCA and Document Signer that the strict reader takes without a note', async () => {
    for (const der of [csca.certificate, dsc.certificate]) {
      expect(decodeCertificate(der, { strict: true }).notes).toEqual([]);
    }
  });

  it('takes issuer and issuerAltName from the CSCA octet by octet (§7.1.1.2)', async () => {
    const root = decodeCertificate(csca.certificate, { strict: true });
    const leaf = decodeCertificate(dsc.certificate, { strict: true });
    expect(leaf.issuer.bytes).toEqual(root.subject.bytes);
    expect(leaf.authorityKeyIdentifier?.keyIdentifier).toEqual(root.subjectKeyIdentifier);
    expect(leaf.extensions.get('2.5.29.18')?.value).toEqual(root.extensions.get('2.5.29.17')?.value);
    expect(root.extensions.get('2.5.29.18')?.value).toEqual(root.extensions.get('2.5.29.17')?.value);
  });

  it.each([
    ['a profile that does not exist', 'dsc-visa', {}, 'policy'],
    [
      'an algorithm that the profile does not allow',
      'dsc-passport',
      { keyAlgorithm: 'ecdsa-P-256-sha512' },
      'policy',
    ],
    ['a key of another curve', 'dsc-passport', { keyAlgorithm: 'ecdsa-P-384-sha384' }, 'policy'],
    ['no issuer', 'dsc-passport', { issuer: undefined }, 'policy'],
    [
      'a start after the CSCA may sign',
      'dsc-passport',
      { notBefore: new Date('2030-11-02T00:00:00Z') },
      'policy',
    ],
    ['a subject without its sequence', 'dsc-passport', { subject: {} }, 'policy'],
  ])('refuses %s', async (_, profile, changes, code) => {
    await expect(issue(profile, dsc.keyId, dsc.keyAlgorithm, changes)).rejects.toThrow(refusal(code));
  });

  it('refuses a public key from outside for the eMRTD PKI', async () => {
    const publicKey = { kind: 'ec', curve: 'P-256', point: new Uint8Array(65) } as const;
    await expect(
      issue('dsc-passport', '', 'ecdsa-P-256-sha256', { subjectKey: { publicKey } }),
    ).rejects.toThrow(refusal('policy'));
  });
});
