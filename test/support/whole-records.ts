import { expect } from 'vitest';
import type { AnsweredSod } from '../../src/app/torture/answers.ts';
import { RecordsExaminer } from '../../src/app/torture/records-examiner.ts';
import { eventually, recordsPath } from './served.ts';

/** What was answered lies there, every invariant holds, and in the end nothing is open. */
export async function expectWhole(
  home: string,
  answered: ReadonlyMap<string, AnsweredSod> = new Map(),
): Promise<void> {
  const examiner = new RecordsExaminer(recordsPath(home), () => new Date());
  const breaches = () => examiner.examine(answered, true);
  await eventually('records with nothing open', () => breaches().length === 0).catch((error: unknown) => {
    expect({ error: String(error), breaches: breaches() }).toMatchObject({ breaches: [] });
  });
  expect(examiner.examineFile()).toEqual([]);
}
