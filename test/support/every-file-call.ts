import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { openRecords } from '../../src/adapters/store/index.ts';
import { logSettings } from '../../src/app/instance/configuration.ts';
import { loadInstance } from '../../src/app/instance/load-instance.ts';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { Unavailable } from '../../src/services/errors.ts';
import { SigningCore } from '../../src/services/signing-core/signing-core.ts';
import { type ActName, Acts } from './acts.ts';
import { sampled } from './every-call.ts';
import { signerOver } from './signer-over.ts';

// A process of its own, in front of whose C library faulty-files.c lies: `every-file-call.ts HOME ACT ERRNO APPLIED OUT`.
// Performs the act with its first call on the files of the records failing, then with its second, and so on; after each
// it opens the records again, completes the act and examines everything. Writes one JSON object a line to OUT. Where the
// call kills the process (FAULTY_FILES_KILL), it is to be started again with the same arguments, and goes on there.

/** One round, as it is told to the test. */
export interface Round {
  readonly call: number;
  readonly of: number;
  /** The function that failed; undefined where the act took fewer calls this time. */
  readonly failed: string | undefined;
  /** `done`, `killed`, or what the caller was told. */
  readonly said: string;
  readonly breaches: readonly unknown[];
}

/** A round that has begun. */
interface Pending {
  readonly call: number;
  readonly of: number;
  readonly name: string;
}

const [home = '', actName = '', error = '', applied = '', out = ''] = process.argv.slice(2);
const act = actName as ActName;
const log = `${out}.calls`;
const pending = `${out}.pending`;
const instance = loadInstance(home);
const { token: settings, state } = instance.configuration;
Object.assign(process.env, settings.environment, {
  FAULTY_FILES_ERROR: error,
  FAULTY_FILES_APPLIED: applied,
});
process.env['FAULTY_FILES_LOG'] = log;
const token = Pkcs11Token.open(settings);
const origin = logSettings(instance.configuration).origin;
const examiner = new RecordsExaminer(instance.paths.records, () => new Date());
const run = randomBytes(4).toString('hex');
let rounds = 0;
let names = 0;

const killed = existsSync(pending) ? (JSON.parse(readFileSync(pending, 'utf8')) as Pending) : undefined;
if (killed !== undefined) await complete(killed, 'killed', loggedCalls());
const of = killed?.of ?? (await callsWithoutFault());
for (const call of sampled(of).filter((each) => each > (killed?.call ?? 0))) {
  const round = { call, of, name: nextName() };
  writeFileSync(pending, JSON.stringify(round));
  const { said, calls } = await attempt(round.name, call);
  await complete(round, said, calls);
}
const last: Round = {
  call: 0,
  of: 0,
  failed: undefined,
  said: 'done',
  breaches: [...examiner.examine(new Map(), true), ...examiner.examineFile()],
};
appendFileSync(out, `${JSON.stringify(last)}\n`);
process.exit(0);

async function callsWithoutFault(): Promise<number> {
  const { said, calls } = await attempt(nextName(), 0);
  if (said !== 'done') throw new Error(`without a fault: ${said}`);
  return calls.length;
}

/** Does the act again, as its caller would, and examines everything. */
async function complete({ call, of, name }: Pending, said: string, calls: readonly string[]): Promise<void> {
  const again = await attempt(name, 0);
  const breaches = [
    ...(again.said === 'done' ? [] : [again.said]),
    ...examiner.examine(new Map(), true, { isOnlyNew: true }),
  ];
  const failed = calls.find((line) => line.endsWith(' failed'))?.split(' ')[1];
  const round: Round = { call, of, failed, said, breaches };
  appendFileSync(out, `${JSON.stringify(round)}\n`);
}

/** @param call the number of the call that fails; none where 0 */
async function attempt(
  name: string,
  call: number,
): Promise<{ readonly said: string; readonly calls: readonly string[] }> {
  writeFileSync(log, '');
  const acts = await open();
  let said = 'done';
  try {
    if (act === 'checkpoint') await acts.perform('sod', `${name}-${call}`);
    rounds += 1;
    process.env['FAULTY_FILES_CALL'] = String(call);
    process.env['FAULTY_FILES_ROUND'] = String(rounds);
    await acts.perform(act, name);
  } catch (failure) {
    if (!(failure instanceof Unavailable)) throw failure;
    said = `unavailable: ${failure.message}`;
  } finally {
    acts.close();
    process.env['FAULTY_FILES_ROUND'] = '0';
  }
  return { said, calls: loggedCalls() };
}

function loggedCalls(): readonly string[] {
  return readFileSync(log, 'utf8').split('\n').slice(0, -1);
}

/** As a service and its signer that were started again: both remember nothing. */
function open(): Promise<Acts> {
  const signer = signerOver(new SigningCore(token, instance.policies, state, undefined, origin));
  const records = openRecords(instance.paths.records, systemClock);
  const random = { octets: (count: number) => Uint8Array.from(randomBytes(count)) };
  const issuance = {
    signer,
    records: records.issuance,
    clock: records.clock,
    random,
    policies: instance.policies,
    state,
  };
  return Acts.over(instance, { records, signer, issuance, close: () => records.close() });
}

/** Keys of a profile are numbered. */
function nextName(): string {
  names += 1;
  if (act !== 'key') return `${act}-${run}-${names}`;
  const database = new DatabaseSync(instance.paths.records, { readOnly: true });
  const row = database
    .prepare("SELECT count(*) AS made FROM certificates WHERE profile = 'dsc-test-0'")
    .get();
  database.close();
  return String(Number(row?.['made']) + 1);
}
