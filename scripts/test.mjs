/**
 * `npm test` after its bootstrap: the static gates, then all tests, and as the last line what passed and what
 * failed, every gate counted as one. Arguments go to vitest. `--static` (`npm run check`) runs the gates and
 * the tests of the gates only.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInForeground, runQuietly } from './child.mjs';

/** Scripts of package.json, in the order in which their complaints are worth reading. */
const gates = ['format:check', 'lint', 'typecheck', 'layering', 'knip'];

const root = resolve(fileURLToPath(import.meta.url), '../..');
const commandFolder = join(root, 'node_modules', '.bin');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const env = { ...process.env, PATH: `${commandFolder}${delimiter}${process.env.PATH ?? ''}` };

async function passesGate(name) {
  const started = performance.now();
  const { code, output } = await runQuietly('sh', ['-c', scripts[name]], { cwd: root, env });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(`${output.trimEnd()}\n`);
  return code === 0;
}

/** Counts from vitest's JSON report; what it does not count as a test (a file that does not load) counts too. */
function countTests(report, exitCode) {
  const filesThatDidNotLoad = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = report.numFailedTests + filesThatDidNotLoad.length;
  return {
    passed: report.numPassedTests,
    // An error outside of any test fails the run without failing a test.
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-test-'));
  const reportFile = join(folder, 'report.json');
  try {
    const exitCode = await runInForeground(
      join(commandFolder, 'vitest'),
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...args],
      { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    return countTests(JSON.parse(readFileSync(reportFile, 'utf8')), exitCode);
  } catch (error) {
    console.log(`the tests did not end with a report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const isStatic = args[0] === '--static';

const verdicts = [];
for (const gate of gates) verdicts.push(await passesGate(gate));
const tests = await runTests(isStatic ? ['test/gates', ...args.slice(1)] : args);

const passed = tests.passed + verdicts.filter(Boolean).length;
const failed = tests.failed + verdicts.filter((verdict) => !verdict).length;
const skipped = tests.skipped === 0 ? '' : `, ${tests.skipped} skipped`;
console.log(`${passed} passed, ${failed} failed${skipped}`);
process.exitCode = failed === 0 ? 0 : 1;
