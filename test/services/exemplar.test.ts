import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openRecords } from '../../src/adapters/store/index.ts';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import type { CertificateRecord, Clock, CrlRecord, SodIntent } from '../../src/services/ports.ts';
import { Border } from '../../src/services/sod/check-sod.ts';
import type { DocumentSignerEntry } from '../../src/services/sod/document-signers.ts';
import { shippedPolicies } from '../support/policies.ts';
import { issue, noon, signCrl, signDocument, type Utopia, utopia } from '../support/software-pki.ts';

const policies = shippedPolicies();
const now = new Date('2026-02-20T12:00:00Z');
const lds = { version: '1.8', unicodeVersion: '040000' } as const;

/** A border of Utopia with a clock that can be set and a CRL that can be replaced. */
class World {
  readonly utopia: Utopia;
  at = now;
  crl: Uint8Array;
  readonly signer: DocumentSignerEntry;

  constructor(algorithm: string) {
    this.utopia = utopia(algorithm);
    const { csca, dsc } = this.utopia;
    this.crl = signCrl(csca, []);
    const certificate = decodeCertificate(dsc.bytes, { strict: true });
    const [signsFrom, signsUntil] = [noon('2026-01-01'), noon('2026-04-01')];
    const documentTypes = ['P'];
    this.signer = {
      keyId: 'aa',
      profile: 'dsc-passport',
      keyAlgorithm: algorithm,
      certificate,
      documentTypes,
      signsFrom,
      signsUntil,
    };
  }

  border(clock: Clock = { now: () => this.at }): Border {
    const csca = { profile: 'csca', der: this.utopia.csca.bytes } as CertificateRecord;
    return new Border({
      clock,
      policies,
      records: {
        certificatesOf: async () => [csca],
        latestCrl: async () => ({ der: this.crl }) as CrlRecord,
      },
    });
  }

  intent(change: Partial<SodIntent> = {}): SodIntent {
    const { digest } = this.utopia.dsc.key.algorithm.signature;
    const octets = Number(digest.slice(4)) / 8;
    return {
      requestId: 'one',
      contentDigest: '',
      keyId: 'aa',
      documentType: 'P',
      digestAlgorithm: digest,
      lds,
      dataGroupHashes: new Map([1, 2, 14].map((number) => [number, Uint8Array.from(randomBytes(octets))])),
      signingTime: now,
      ...change,
    };
  }

  sign({ dataGroupHashes, signingTime }: SodIntent, signer = this.utopia.dsc): Uint8Array {
    return signDocument(this.utopia.csca, signer, { hashes: dataGroupHashes, signingTime });
  }

  /** A border that has examined EF.SODs of every length that a signature gives them. */
  async experienced(change: Partial<SodIntent> = {}): Promise<Border> {
    const border = this.border();
    const lengths = new Set<number>();
    for (let alike = 0; alike < 12; alike += 1) {
      const intent = this.intent(change);
      const efSod = this.sign(intent);
      await border.check(efSod, intent, this.signer);
      if (!lengths.has(efSod.length)) alike = 0;
      lengths.add(efSod.length);
    }
    expect(border.examined.inFull).toBe(lengths.size);
    expect(border.examined.byExemplar).toBeGreaterThan(0);
    return border;
  }

  async accepts(border: Border, efSod: Uint8Array, intent: SodIntent): Promise<boolean> {
    return border.check(efSod, intent, this.signer).then(
      () => true,
      () => false,
    );
  }
}

const algorithms = [
  'ecdsa-P-256-sha256',
  'ecdsa-brainpoolP384r1-sha384',
  'rsassa-pss-3072-sha256',
  'rsassa-pkcs1-3072-sha256',
];

describe.each(algorithms)('%s: by an exemplar', (algorithm) => {
  let world: World;
  beforeAll(() => {
    world = new World(algorithm);
  });

  it('what is as good is released', async () => {
    const border = await world.experienced();
    const before = border.examined.byExemplar;
    const intents = Array.from({ length: 8 }, () => world.intent());
    const outcomes = intents.map((intent) => world.accepts(border, world.sign(intent), intent));
    expect(await Promise.all(outcomes)).toEqual(intents.map(() => true));
    // Some may have a length that none had before.
    expect(border.examined.byExemplar).toBeGreaterThan(before);
  });

  it('nothing is released with one bit of any octet changed', async () => {
    const border = await world.experienced();
    const intent = world.intent();
    const efSod = world.sign(intent);
    const accepted: string[] = [];
    for (let at = 0; at < efSod.length; at += 1) {
      const changed = Uint8Array.from(efSod);
      const bit = Math.floor(Math.random() * 8);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      if (await world.accepts(border, changed, intent)) accepted.push(`octet ${at} bit ${bit}`);
    }
    expect(accepted).toEqual([]);
    expect(await world.accepts(border, efSod, intent)).toBe(true);
  });
});

describe('by an exemplar', () => {
  let world: World;
  let border: Border;
  beforeAll(async () => {
    world = new World('ecdsa-P-256-sha256');
    border = await world.experienced();
  });

  it('the answer is that of a full examination, whatever differs from what was ordered', async () => {
    const ordered = world.intent();
    const hashes = [...ordered.dataGroupHashes.values()];
    const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
    const otherSigner = issue({
      ...world.utopia.dsc,
      commonName: 'DS 1',
      issuer: world.utopia.csca,
      extensions: [],
    });
    const anyHash = fc.constantFrom(...hashes, Uint8Array.from(randomBytes(32)));
    const anyTime = fc.constantFrom(
      now,
      now,
      now,
      now,
      days(-1),
      days(-30),
      days(-60),
      days(1),
      days(50),
      days(70),
    );
    const anyIntent = fc
      .record({
        numbers: fc.constantFrom([1, 2, 14], [1, 2, 14], [1, 2, 15], [2, 1, 14], [1, 2], [1, 2, 3, 14]),
        hashes: fc.array(anyHash, { minLength: 4, maxLength: 4 }),
        signingTime: anyTime,
        lds: fc.constantFrom(
          lds,
          lds,
          lds,
          { version: '1.8', unicodeVersion: '050000' } as const,
          {
            version: '1.7',
          } as const,
        ),
        digestAlgorithm: fc.constantFrom('SHA-256', 'SHA-256', 'SHA-256', 'SHA-384' as const),
      })
      .map(({ numbers, hashes: drawn, ...made }) => {
        const groups = numbers.map((number, index) => [number, drawn[index]!] as const);
        return world.intent({ ...made, dataGroupHashes: new Map(groups) });
      });
    const onceOrTwice = fc.oneof(
      anyIntent.map((intent) => [intent, intent] as const),
      fc.tuple(anyIntent, anyIntent),
      anyIntent.map((intent) => [intent, { ...intent, signingTime: now }] as const),
    );
    const outcomes = { released: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        onceOrTwice,
        fc.constantFrom('ours', 'ours', 'ours', 'other'),
        anyTime,
        async ([intent, signed], by, at) => {
          const efSod = world.sign(signed, by === 'ours' ? world.utopia.dsc : otherSigner);
          world.at = at;
          const released = await world.accepts(border, efSod, intent);
          outcomes[released ? 'released' : 'refused'] += 1;
          expect(released).toBe(await world.accepts(world.border(), efSod, intent));
        },
      ),
      { numRuns: 400 },
    );
    world.at = now;
    expect(Math.min(outcomes.released, outcomes.refused)).toBeGreaterThan(20);
  });

  it('a clock that is corrected by minutes right after a CRL stops nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigillo-border-'));
    const records = openRecords(join(folder, 'records.sqlite'), { now: () => world.at });
    const { csca } = world.utopia;
    world.crl = signCrl(csca, [], { thisUpdate: now });
    const thisUpdate = records.clock.now();
    expect(thisUpdate).toEqual(now);
    const border = world.border(records.clock);
    for (const minutes of [0, -4]) {
      world.at = new Date(now.getTime() + minutes * 60_000);
      const intent = world.intent({ signingTime: records.clock.now() });
      expect(await world.accepts(border, world.sign(intent), intent)).toBe(true);
    }
    // The same border with the machine's clock sees a CRL of the future.
    const intent = world.intent({ signingTime: world.at });
    expect(await world.accepts(world.border(), world.sign(intent), intent)).toBe(false);
    world.at = now;
    world.crl = signCrl(csca, []);
    records.close();
    rmSync(folder, { recursive: true });
  });

  it('nothing is released whose messageDigest is not that of the content', async () => {
    const intent = world.intent();
    const { csca, dsc } = world.utopia;
    for (const messageDigest of [undefined, Uint8Array.from(randomBytes(32))]) {
      const parts = { hashes: intent.dataGroupHashes, signingTime: now };
      const efSod = signDocument(
        csca,
        dsc,
        messageDigest === undefined ? parts : { ...parts, messageDigest },
      );
      expect(await world.accepts(border, efSod, intent)).toBe(messageDigest === undefined);
    }
  });

  it.each([
    ['the CRL', '2026-05-02T00:00:00Z'],
    ['the usage period', '2026-04-03T00:00:00Z'],
    ['the Document Signer certificate', '2037-01-02T00:00:00Z'],
  ])('nothing is released when time has ended %s that the exemplar was examined with', async (_, end) => {
    const at = new Date(end);
    const intent = world.intent({ signingTime: at });
    const efSod = world.sign(intent);
    world.at = at;
    expect(await world.accepts(border, efSod, intent)).toBe(false);
    world.at = now;
  });

  it('nothing is released any more once the signer is revoked', async () => {
    const revoked = new World('ecdsa-P-256-sha256');
    const experienced = await revoked.experienced();
    const { csca, dsc } = revoked.utopia;
    revoked.crl = signCrl(csca, [{ serialNumber: dsc.serialNumber, revocationDate: noon('2026-02-19') }], {
      thisUpdate: noon('2026-02-19'),
    });
    await experienced.reload();
    const intent = revoked.intent();
    await expect(experienced.check(revoked.sign(intent), intent, revoked.signer)).rejects.toMatchObject({
      kind: 'refused',
      details: { rule: 'S-REV' },
    });
  });

  it('a signing-time later than now is examined in full', async () => {
    const intent = world.intent({ signingTime: new Date(now.getTime() + 1000) });
    const before = border.examined.byExemplar;
    await world.accepts(border, world.sign(intent), intent);
    expect(border.examined.byExemplar).toBe(before);
  });
});
