import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../..');

const configuration = [
  '.dependency-cruiser.mjs',
  '.gitignore',
  '.oxlintrc.json',
  'biome.json',
  'knip.json',
  'package.json',
  'scripts/lint',
  'tsconfig.json',
];

/** A checkout in a temporary folder: our configuration of the gates, somebody else's sources. */
export class PlantedTree {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigillo-planted-'));

  constructor(files: Readonly<Record<string, string>>) {
    for (const name of configuration) {
      cpSync(join(repository, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(repository, 'node_modules'), join(this.folder, 'node_modules'));
    for (const name of ['src', 'hsm', 'test']) mkdirSync(join(this.folder, name));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), text);
    }
  }

  /** Runs a command as an npm script would. */
  run(command: string, ...args: readonly string[]): { exitCode: number | null; output: string } {
    const path = `${join(repository, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: path, NO_COLOR: '1' },
    });
    return { exitCode: status, output: `${stdout}${stderr}` };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
