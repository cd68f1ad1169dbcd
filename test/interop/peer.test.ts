import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BenchInstance } from '../../src/app/bench/bench-instance.ts';
import { JavaPeer, missingForPeer } from '../../src/app/bench/java-peer.ts';
import { peerKey } from '../../src/app/bench/peer-bench.ts';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import { decodeEfSod } from '../../src/formats/lds/ef-sod.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { sodRequest } from '../support/served.ts';
import { Station } from '../support/station.ts';
import { describeWith } from './readers.ts';

const algorithms = [
  'ecdsa-P-256-sha256',
  'ecdsa-brainpoolP256r1-sha256',
  'ecdsa-P-384-sha384',
  'rsassa-pss-3072-sha256',
];

describeWith(['bouncyCastle'], 'Bouncy Castle with SunPKCS11, as the benchmark has it', () => {
  let instance: TestInstance;
  let peer: JavaPeer;
  let bench: BenchInstance;
  /** EF.SOD of the service, by key algorithm. */
  const ours = new Map<string, Uint8Array>();

  beforeAll(async () => {
    instance = await makeTestInstance({ algorithms });
    const { home, portBase } = instance;
    const service = await serve(home, portBase);
    const station = new Station({ home, port: portBase, holder: 'station' });
    for (const [algorithm, documentType] of instance.documentTypes) {
      const lds = { version: '1.8', unicode: '4.0.0' };
      const order = { ...sodRequest(`peer-${documentType}`, documentType), lds };
      const answer = await station.post('/v1/sods', order);
      ours.set(algorithm, Buffer.from(answer.json<{ sod: string }>().sod, 'base64'));
    }
    station.close();
    await service.stop();
    const signers = [...instance.documentTypes].map(([algorithm, documentType], index) => ({
      algorithm,
      documentType,
      profile: `dsc-test-${index}`,
    }));
    bench = { ...loadInstance(home), signers };
    peer = await JavaPeer.start(bench, await Promise.all(signers.map((signer) => peerKey(bench, signer))));
  });

  afterAll(() => {
    peer?.close();
    instance?.remove();
  });

  it.each(algorithms)('makes the EF.SOD that ours is, on the same token and key: %s', async (algorithm) => {
    const signer = bench.signers.find((candidate) => candidate.algorithm === algorithm);
    if (signer === undefined) throw new Error(`no Document Signer for ${algorithm}`);
    const { perSecond, efSod } = await peer.run(await peerKey(bench, signer), 2, 0.2);
    expect(perSecond).toBeGreaterThan(0);
    expect(anatomy(efSod)).toEqual(anatomy(ours.get(algorithm) ?? new Uint8Array()));
  });

  it('finds everything that it needs where this suite runs', () => {
    expect(missingForPeer()).toEqual([]);
  });

  /** All but the hashes, the time and the signature. */
  function anatomy(octets: Uint8Array) {
    const { signedData, ldsSecurityObject } = decodeEfSod(Uint8Array.from(octets), { strict: true });
    const { version, ldsVersionInfo, hashAlgorithm } = ldsSecurityObject;
    return {
      version: signedData.version,
      digestAlgorithms: signedData.digestAlgorithms,
      certificates: signedData.certificates.map(({ bytes }) => Buffer.from(bytes).toString('hex')),
      lds: { version, ldsVersionInfo, hashAlgorithm },
      signers: signedData.signerInfos.map((signer) => ({
        version: signer.version,
        sid: signer.sid.kind,
        digestAlgorithm: signer.digestAlgorithmOid,
        signatureAlgorithm: signer.signatureAlgorithm,
        attributes: signer.signedAttributes?.types.toSorted(),
        hasUnsignedAttributes: signer.hasUnsignedAttributes,
      })),
    };
  }
});
