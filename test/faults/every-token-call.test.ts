import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { Unavailable } from '../../src/services/errors.ts';
import { type ActName, actNames, Acts } from '../support/acts.ts';
import { sampled } from '../support/every-call.ts';
import { FaultyToken } from '../support/faulty-token.ts';
import { makeTestInstance, serve, type TestInstance } from '../support/instance.ts';
import { rowsOf } from '../support/records-snapshot.ts';
import { eventually, recordsPath } from '../support/served.ts';

// Signer processes are lost and started again; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

let instance: TestInstance;
let token: FaultyToken;
let acts: Acts;
let examiner: RecordsExaminer;
/** Names of what is made; keys of the profile are numbered, and the first is there. */
let made = 1;

beforeAll(async () => {
  instance = await makeTestInstance({ algorithms: ['ecdsa-P-256-sha256'], processes: 1 });
  const path = join(instance.home, 'sigillo.yaml');
  const configuration = readFileSync(path, 'utf8');
  const [, real = ''] = /^ {2}module: (.*)$/m.exec(configuration) ?? [];
  token = new FaultyToken(join(instance.home, 'faulty'), real);
  writeFileSync(path, configuration.replace(/^ {2}module: .*$/m, `  module: ${token.module}`));
  await (await serve(instance.home, instance.portBase)).stop();
  acts = await Acts.open(instance.home);
  examiner = new RecordsExaminer(recordsPath(instance.home), () => new Date());
});
afterAll(() => {
  acts?.close();
  instance?.remove();
});

function nameOf(act: ActName): string {
  made += act === 'key' ? 0 : 1;
  return act === 'key' ? String(keysMade() + 1) : `${act}-${made}`;
}

function keysMade(): number {
  const sql = "SELECT count(*) AS rows FROM certificates WHERE profile = 'dsc-test-0'";
  return Number(rowsOf(instance.home, sql)[0]?.['rows']);
}

/** Calls of the token that one act takes when nothing fails. */
async function callsOf(act: ActName): Promise<number> {
  await untilDone(act, nameOf(act));
  if (act === 'checkpoint') await untilDone('sod', nameOf('sod'));
  const before = token.calls().length;
  await acts.perform(act, nameOf(act));
  return token.calls().length - before;
}

/** A signer process that is lost is started again meanwhile; as a caller does, it is asked again. */
async function untilDone(act: ActName, name: string): Promise<void> {
  await eventually(`${act} ${name}`, async () => {
    try {
      await acts.recover();
      await acts.perform(act, name);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(Unavailable);
      return false;
    }
  });
}

describe.each(['not-applied', 'applied-but-answer-lost'] as const)(
  'the k-th call of the token fails: %s',
  (kind) => {
    it.each(actNames)('of one %s, for every k: nothing is lost, doubled or left open', async (act) => {
      const calls = await callsOf(act);
      expect(calls).toBeGreaterThan(0);
      for (const from of sampled(calls)) {
        const name = nameOf(act);
        if (act === 'checkpoint') await untilDone('sod', nameOf('sod'));
        const isApplied = kind === 'applied-but-answer-lost';
        token.fail({ call: '*', from, times: 1, code: 'CKR_DEVICE_ERROR', isApplied });
        // Whether the token layer heals it or the caller hears of it: one that hears says so in the one way it may.
        const failure = await acts.perform(act, name).catch((error: unknown) => error);
        if (failure !== undefined) expect(failure, `call ${from}`).toBeInstanceOf(Unavailable);
        token.heal();
        await untilDone(act, name);
        const signatures = token.signatures();
        expect(examiner.examine(new Map(), true, { signatures }), `call ${from} of ${calls}`).toEqual([]);
      }
    });
  },
);
