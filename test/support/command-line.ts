import { Command } from 'commander';
import type { Screen } from '../../src/app/cli/screen.ts';

/** What a command printed and the code it ended with. */
export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** The command line with some of its commands, in this process, at a given time. */
export function commandLine(
  registrations: readonly ((program: Command, screen: Screen) => void)[],
  now: Date,
): (...words: readonly string[]) => Ended {
  return (...words) => {
    let out = '';
    let err = '';
    let code = 0;
    const screen: Screen = {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      isColoured: false,
      now: () => now,
      exit: (exitCode) => {
        code = exitCode;
      },
    };
    const program = new Command('sigillo').exitOverride((error) => {
      code = error.exitCode === 0 ? 0 : 2;
      throw error;
    });
    program.configureOutput({ writeErr: (text) => (err += text), writeOut: (text) => (out += text) });
    for (const register of registrations) register(program, screen);
    try {
      program.parse(words, { from: 'user' });
    } catch {
      // commander has said on `err` what was wrong with the call
    }
    return { out, err, code };
  };
}
