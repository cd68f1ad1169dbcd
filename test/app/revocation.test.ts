import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestInstance } from '../support/instance.ts';
import { rowsOf } from '../support/records-snapshot.ts';
import { endInstance, serveInstance } from '../support/served-instance.ts';
import { eventually, newOrder, type Served, sigillo } from '../support/served.ts';
import type { Station } from '../support/station.ts';

let instance: TestInstance;
let service: Served;
let station: Station;

beforeAll(async () => {
  const options = { algorithms: ['ecdsa-P-256-sha256'], processes: 1 };
  ({ instance, service, station } = await serveInstance(options));
}, 120_000);
afterAll(() => endInstance({ instance, service, station }));

interface SignerOnRecord {
  readonly serialNumber: string;
  readonly sha256: string;
  readonly end: string | null;
}

function documentSigners(): readonly SignerOnRecord[] {
  const rows = rowsOf(
    instance.home,
    `SELECT c.serial_number, c.sha256, e.reason FROM certificates c LEFT JOIN key_events e USING (key_id)
     WHERE c.profile = 'dsc-test-0' ORDER BY c.issued_at`,
  );
  return rows.map((row) => ({
    serialNumber: String(row['serial_number']),
    sha256: String(row['sha256']),
    end: row['reason'] === null ? null : String(row['reason']),
  }));
}

const post = () => station.post('/v1/sods', newOrder());

it('a revoked Document Signer signs nothing after the command has returned, and the next one takes over', async () => {
  expect((await post()).status).toBe(201);
  const [first] = documentSigners();
  const revoked = await sigillo(
    'revoke',
    first?.serialNumber ?? '',
    '--reason',
    'keyCompromise',
    '--home',
    instance.home,
  );
  expect([revoked.code, revoked.stderr]).toEqual([0, '']);
  // Before the service has looked at the records again, and while it does.
  for (let sods = 0; sods < 30; sods += 1) {
    const answer = await post();
    const body = answer.json<{ documentSigner?: string; rule?: string; detail?: string }>();
    if (answer.status === 201) expect(body.documentSigner).not.toBe(first?.sha256);
    else {
      expect([answer.status, body.rule]).toEqual([503, 'S-PKUP']);
      expect(body.detail).toContain('revoked');
    }
  }
  await eventually('the next Document Signer', async () => (await post()).status === 201);
  const [ended, next] = documentSigners();
  expect(ended?.end).toBe('its certificate was revoked');
  expect(next?.end).toBeNull();
  const rechecked = await sigillo('recheck', '--home', instance.home);
  expect(rechecked.stdout).toContain('everything holds');
}, 120_000);
