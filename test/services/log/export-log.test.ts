import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeVerifierKey } from '../../../src/formats/log/verifier-key.ts';
import { auditExport, type AuditedExport } from '../../../src/services/log/audit-export.ts';
import { exportLog } from '../../../src/services/log/export-log.ts';
import { LogWorld } from '../../support/log-world.ts';

/** An export in memory: the commands write the same paths to a disk. */
class Folder {
  readonly files = new Map<string, Uint8Array>();
  written: string[] = [];

  read(path: string): Uint8Array | undefined {
    return this.files.get(path);
  }
  write(path: string, octets: Uint8Array): void {
    this.files.set(path, Uint8Array.from(octets));
    this.written.push(path);
  }
  has(path: string): boolean {
    return this.files.has(path);
  }
  remove(path: string): void {
    this.files.delete(path);
  }
  list(path: string): readonly string[] {
    return [...this.files.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1));
  }
}

const world = new LogWorld();
const folder = new Folder();
/** Checkpoint of the first export. */
let first: Uint8Array;

beforeAll(async () => {
  await world.issue();
  await world.sign(50);
  first = await world.publish();
  await exportTo(folder);
  await world.sign(500);
  await world.publish();
  folder.written = [];
  await exportTo(folder);
});
afterAll(() => world.remove());

async function exportTo(target: Folder): Promise<void> {
  const { log, archive, issuance } = world.records;
  await exportLog({ log, archive, records: issuance, folder: target }, log.latestCheckpoint()!);
}

function audit(target: Folder, earlier: readonly Uint8Array[] = [], vkey = world.vkey) {
  const examination = auditExport(target, [decodeVerifierKey(vkey)], earlier);
  const defects: string[] = [];
  for (let next = examination.next(); ; next = examination.next()) {
    if (next.done === true) return { defects, result: next.value satisfies AuditedExport };
    defects.push(`${next.value.about}: ${next.value.detail}`);
  }
}

function copy(): Folder {
  const other = new Folder();
  for (const [path, octets] of folder.files) other.files.set(path, octets);
  return other;
}

describe("the auditor's export", () => {
  it('holds, with the checkpoint of an earlier one too', () => {
    const { defects, result } = audit(folder, [first]);
    expect(defects).toEqual([]);
    const leaves = world.records.log.size();
    // Two keys, the end of one, revocation and log key have no file.
    expect(result).toMatchObject({ leaves, artefacts: leaves - 5, head: { size: leaves } });
  });

  it('adds to an earlier one what is new, and nothing else', () => {
    const artefacts = folder.written.filter((path) => path.startsWith('artefacts/'));
    expect(artefacts).toHaveLength(500);
    expect([...folder.files.keys()].filter((path) => path.includes('.p/'))).toHaveLength(3);
    expect(folder.list('checkpoints')).toHaveLength(2);
  });

  it('has every product under its digest, and tiles of the specification', () => {
    for (const [path, octets] of folder.files) {
      if (!path.startsWith('artefacts/')) continue;
      expect(path.split('/')[2]).toBe(createHash('sha256').update(octets).digest('hex'));
    }
    expect(folder.files.get('tile/0/000')).toHaveLength(8192);
    expect(folder.has('tile/entries/001')).toBe(true);
    expect(folder.has('tile/1/000.p/2')).toBe(true);
  });

  it('with a flipped bit anywhere does not hold, and the place is named', () => {
    const paths = [...folder.files.keys()].filter((path) => path !== 'log.vkey');
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat({ max: 7 }), (file, at, bit) => {
        const path = paths[file % paths.length]!;
        const damaged = copy();
        const octets = Uint8Array.from(folder.files.get(path)!);
        const octet = at % octets.length;
        octets[octet] = octets[octet]! ^ (1 << bit);
        damaged.files.set(path, octets);
        const { defects } = audit(damaged);
        expect(defects).toContainEqual(expect.stringContaining(placeIn(path, octet)));
      }),
      { numRuns: 40 },
    );
  });

  it.each(['tile/0/000', 'tile/entries/001', 'tile/1/000.p/2', 'checkpoint'])(
    'without %s does not hold',
    (path) => {
      const damaged = copy();
      damaged.remove(path);
      expect(audit(damaged).defects).not.toEqual([]);
    },
  );

  it('without a product does not hold', () => {
    const damaged = copy();
    const [path = ''] = [...folder.files.keys()].filter((name) => name.startsWith('artefacts/'));
    damaged.remove(path);
    expect(audit(damaged).defects).toEqual([
      expect.stringMatching(/^artefact .*: is missing: the \w+ of leaf \d+$/),
    ]);
  });

  it('is not believed under another key, nor beside a checkpoint that it does not continue', async () => {
    const other = new LogWorld(world.token);
    await other.issue();
    await other.sign(3);
    const theirs = await other.publish();
    expect(audit(folder, [], other.vkey).defects).toEqual([
      expect.stringMatching(/^checkpoint: is not signed by a key/),
    ]);
    expect(audit(folder, [theirs]).defects).not.toEqual([]);
    other.remove();
  });

  it('is not continued by a log whose past was changed', async () => {
    const target = copy();
    const { log, archive, issuance } = world.records;
    const forged = { ...log.latestCheckpoint()!, note: first };
    const changed = Buffer.from(first).toString().replace('log.example/utopia', 'log.example/other');
    target.files.set('checkpoint', Buffer.from(changed));
    await expect(
      exportLog({ log, archive, records: issuance, folder: target }, log.latestCheckpoint()!),
    ).rejects.toMatchObject({
      details: { rule: 'L-FORK' },
    });
    await expect(exportLog({ log, archive, records: issuance, folder }, forged)).rejects.toMatchObject({
      details: { rule: 'L-FORK' },
    });
  });
});

/** How a defect at an octet of a file begins. */
function placeIn(path: string, octet: number): string {
  const [kind, level, index = ''] = path.split('/');
  if (kind === 'artefacts') return `artefact ${path.split('/')[2]}`;
  if (kind === 'checkpoints') return `checkpoint ${level}`;
  if (kind === 'checkpoint') return 'checkpoint';
  if (level === 'entries') {
    const bundle = folder.files.get(path)!;
    let entry = 0;
    for (let end = 0; ; entry += 1) {
      end += 2 + ((bundle[end]! << 8) | bundle[end + 1]!);
      if (octet < end) return `leaf ${Number(index.slice(0, 3)) * 256 + entry}: `;
    }
  }
  return `${path} hash ${Math.floor(octet / 32)}: `;
}
