import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leafHash } from '../../../src/formats/log/merkle-tree.ts';
import { perfectRoot } from '../../../src/formats/log/tiles.ts';
import { LogWorld } from '../../support/log-world.ts';

/** Two full tiles and a partial one, one hash for each in the tile above, checkpoints in between and at the end. */
const world = new LogWorld();
const checkpoints: number[] = [];

beforeAll(async () => {
  await world.issue();
  for (const count of [5, 243, 100, 200]) {
    await world.sign(count);
    await world.publish();
    checkpoints.push(world.records.log.latestCheckpoint()?.size ?? 0);
  }
});
afterAll(() => world.remove());

/** What fsck says after somebody has changed the records. */
function after(
  ...statements: readonly (readonly [string, ...(Uint8Array | string | number)[]])[]
): readonly string[] {
  const defects = world.fsckAfter((run) => {
    for (const [sql, ...values] of statements) run(sql, ...values);
  });
  return defects.map(({ about, detail }) => `${about}: ${detail}`);
}

/** Every stored value that has to do with the log: rowid, octets. */
function stored(
  table: string,
  column: string,
): readonly { readonly id: number; readonly octets: Uint8Array }[] {
  const database = new DatabaseSync(world.path, { readOnly: true });
  const sql = `SELECT rowid AS id, CAST(${column} AS BLOB) AS octets FROM ${table} WHERE ${column} IS NOT NULL ORDER BY rowid`;
  const rows = database.prepare(sql).all();
  database.close();
  return rows as unknown as readonly { id: number; octets: Uint8Array }[];
}

function checkpointAt(id: number): string {
  return `checkpoint ${id}`;
}

/** Columns with what must be named when a bit of one of their rows is flipped. */
const places: readonly (readonly [string, string, (id: number, octet: number) => RegExp])[] = [
  [
    'log_leaves',
    'leaf_hash',
    (id) => new RegExp(`^tile/0/00${Math.floor(id / 256)}\\S* hash ${id % 256}: was changed: leaf ${id} `),
  ],
  [
    'log_leaves',
    'event',
    (id) => new RegExp(`^leaf ${id}: was changed: tile/0/00${Math.floor(id / 256)}\\S* hash ${id % 256} `),
  ],
  ['log_leaves', 'record_check', () => /^SOD of order-\d+: .* changed in its row/],
  [
    'log_tiles',
    'hashes',
    (_, octet) => new RegExp(`^tile/1/000.p/2 hash ${Math.floor(octet / 32)}: is not that of leaves`),
  ],
  ['log_checkpoints', 'note', (id) => new RegExp(`^${checkpointAt(id)}: `)],
  [
    'sods',
    'ef_sod',
    // Some differences give the same EF.SOD, such as from another one that is like it.
    (id) => new RegExp(`^SOD of order-${id}: (was changed: leaf ${id} |.* changed in its row)`),
  ],
  ['sods', 'request_id', () => /^SOD of .* changed in its row/],
  ['sods', 'content_digest', (id) => new RegExp(`^SOD of order-${id}: .* changed in its row`)],
  ['sods', 'document_signer', (id) => new RegExp(`^SOD of order-${id}: .* changed in its row`)],
  ['certificates', 'der', () => /^certificate 1f: has no leaf in the log, or was changed/],
  ['crls', 'der', () => /^CRL 1: has no leaf in the log, or was changed/],
  ['master_lists', 'der', () => /^master list 1: has no leaf in the log, or was changed/],
];

describe('fsck', () => {
  it('finds nothing where nothing was changed, and says what it looked at', () => {
    const { defects, result } = world.fsck(world.vkey);
    expect(defects).toEqual([]);
    const leaves = world.records.log.size();
    expect(result).toMatchObject({ leaves, records: leaves, checkpoints: checkpoints.length });
    expect(result.head?.size).toBe(checkpoints.at(-1));
    expect(leaves).toBeGreaterThan(512);
    // Both whole ones and differences are among what the following change.
    expect(new Set(stored('sods', 'ef_sod').map(({ octets }) => octets[0]))).toEqual(new Set([0x00, 0x77]));
  });

  it.each(places)('finds and locates a flipped bit in %s.%s', (table, column, expected) => {
    const rows = stored(table, column);
    expect(rows.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat({ max: 7 }), (row, at, bit) => {
        const { id, octets } = rows[row % rows.length]!;
        // A request id that becomes another one's is refused by the database.
        const octet = at % (column === 'request_id' ? 'order'.length : octets.length);
        const changed = Uint8Array.from(octets);
        changed[octet] = changed[octet]! ^ (1 << bit);
        const isText = ['event', 'request_id'].includes(column);
        const value = isText ? 'CAST(? AS TEXT)' : '?';
        const defects = after([`UPDATE ${table} SET ${column} = ${value} WHERE rowid = ?`, changed, id]);
        expect(defects).toContainEqual(expect.stringMatching(expected(id, octet)));
      }),
      { numRuns: 12 },
    );
  });

  it('finds that a SOD is stored as the difference from another one than it was, though it is the same', () => {
    const all = stored('sods', 'ef_sod');
    // A leaf index of one octet.
    const moved = all.find(({ octets }) => octets[0] === 0x00 && octets[1]! < 0x80)!;
    const others = all.filter(({ id, octets }) => octets[0] === 0x77 && id < 0x80 && id !== moved.octets[1]);
    expect(others.length).toBeGreaterThan(0);
    for (const { id } of others) {
      const changed = Uint8Array.from(moved.octets);
      changed[1] = id;
      const defects = after(['UPDATE sods SET ef_sod = ? WHERE rowid = ?', changed, moved.id]);
      expect(defects).toContainEqual(
        expect.stringMatching(`^SOD of order-${moved.id}: .* changed in its row`),
      );
    }
  });

  it('takes the checks of records from before differences were covered', () => {
    const { id } = stored('sods', 'ef_sod').find(({ octets }) => octets[0] === 0x00)!;
    const sod = [...world.records.archive.sods(id)][0]!;
    const row = JSON.stringify([sod.requestId, sod.contentDigest, sod.documentSigner]);
    const check = createHash('sha256').update(row).digest().subarray(0, 8);
    expect(after(['UPDATE log_leaves SET record_check = ? WHERE leaf_index = ?', check, id])).toEqual([]);
  });

  it.each([
    ['a leaf is gone', 'DELETE FROM log_leaves WHERE leaf_index = 300', /^leaf 300: is missing$/],
    [
      'the newest leaf is gone',
      'DELETE FROM log_leaves WHERE leaf_index = (SELECT max(leaf_index) FROM log_leaves)',
      /covers more leaves than there are/,
    ],
    [
      'a SOD is gone',
      "DELETE FROM sods WHERE request_id = 'order-77'",
      /^leaf 77: is of a SOD that is not on record$/,
    ],
    [
      'a SOD was put in',
      "INSERT INTO sods SELECT 9999, 'other', content_digest, document_signer, ef_sod FROM sods WHERE leaf_index = 77",
      /^SOD of other: names leaf 9999/,
    ],
    ['a CRL is gone', 'DELETE FROM crls', /^leaf \d: is of a crl that is not on record/],
    [
      'a key was put in',
      "INSERT INTO keys SELECT 'bb', role, 'other', key_algorithm, created_at, 0, NULL FROM keys LIMIT 1",
      /^key other: has no leaf/,
    ],
    ['a revocation is gone', 'DELETE FROM revocations', /^leaf \d: is of a revocation that is not on record/],
    ['a tile is gone', 'DELETE FROM log_tiles', /^tile\/1\/000.p\/2 hash 0: is missing, of leaves 0 to 255$/],
    [
      'a tile is too long',
      'UPDATE log_tiles SET hashes = CAST(hashes || hashes AS BLOB)',
      /^tile\/1\/000: has 128 octets where the tree has 64$/,
    ],
    [
      'a tile is there that must not be',
      'INSERT INTO log_tiles VALUES (2, 0, zeroblob(32))',
      /^tile\/2\/000: has 32 octets where the tree has 0$/,
    ],
    [
      'a hash is cut short',
      'UPDATE log_leaves SET leaf_hash = substr(leaf_hash, 1, 31) WHERE leaf_index = 5',
      /^tile\/0\/000 hash 5: was changed/,
    ],
    ['the vkey is another', "UPDATE meta SET value = value || 'A' WHERE key = 'log-vkey'", /^vkey: /],
  ])('says so when %s', (_, sql, expected) => {
    const defects = after([sql]);
    expect(defects).toContainEqual(expect.stringMatching(expected));
  });

  it('says between which checkpoints a leaf was changed together with everything above it', () => {
    const entries = Array.from({ length: 512 }, (_, i) => world.records.log.entries(i, 1)[0]!);
    const forged = Buffer.from(Buffer.from(entries[300]!).toString().replace('12:00', '13:00'));
    const hashes = entries.map((entry, i) => leafHash(i === 300 ? forged : entry));
    const tile = Buffer.concat([perfectRoot(hashes.slice(0, 256)), perfectRoot(hashes.slice(256))]);
    const defects = after(
      [
        'UPDATE log_leaves SET event = ?, leaf_hash = ? WHERE leaf_index = 300',
        forged.toString(),
        hashes[300]!,
      ],
      ['UPDATE log_tiles SET hashes = ? WHERE level = 1', tile],
    );
    const [, before, bad, last] = checkpoints;
    expect(defects).toEqual([
      `checkpoint ${bad}: is not of the leaves on record; the one of ${before} leaves fits`,
      `checkpoints after ${bad}: 1 more do not fit, up to that of ${last} leaves`,
    ]);
  });

  it('tells a changed leaf from a changed hash although the tile above was changed too', () => {
    const [{ octets } = { octets: new Uint8Array(64) }] = stored('log_tiles', 'hashes');
    const above = Uint8Array.from(octets);
    above[0] = above[0]! ^ 1;
    const defects = after(
      ['UPDATE log_tiles SET hashes = ?', above],
      ["UPDATE log_leaves SET event = replace(event, '12:00', '13:00') WHERE leaf_index = 500"],
    );
    expect(defects).toEqual([
      expect.stringMatching(/^leaf 500: was changed/),
      expect.stringMatching(/^tile\/1\/000.p\/2 hash 0: is not that of leaves 0 to 255/),
    ]);
  });

  it('goes by a key from elsewhere, and says when the records have another one', () => {
    const other = 'log.example/utopia+' + world.vkey.split('+').slice(1).join('+');
    expect(world.fsck(other).defects).toEqual([]);
    const foreign = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    const { defects } = world.fsck(foreign);
    expect(defects[0]).toMatchObject({ about: 'vkey' });
    expect(defects.filter(({ detail }) => detail.includes('not signed'))).toHaveLength(checkpoints.length);
  });

  it('keeps to the moment it began at, while records are written', async () => {
    const before = world.records.log.size();
    const result = world.fsck().result;
    await world.sign(3);
    expect(result.leaves).toBe(before);
    expect(world.fsck().result).toMatchObject({ leaves: before + 3, head: { size: before } });
    expect(world.fsck().defects).toEqual([]);
  });
});
