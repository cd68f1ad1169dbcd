import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Child processes for the scripts of this folder. Plain JavaScript for Node 20, without dependencies: it
 * runs before anything is installed.
 */

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Waits for `child` and passes our signals on to it meanwhile.
 *
 * @returns its exit code, or 128 + signal number as a shell reports it, and the signal that we passed on
 */
async function outcome(child) {
  let received;
  const forward = (signal) => {
    received = signal;
    // Ctrl-C in a terminal reaches the whole foreground group by itself; twice would mean "at once".
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, forward);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
    return { code, received };
  } finally {
    for (const signal of forwarded) process.off(signal, forward);
  }
}

/** Runs a command on our own standard streams, and resolves with its exit code. */
export async function runInForeground(command, args, options = {}) {
  const { code } = await outcome(spawn(command, args, { stdio: 'inherit', ...options }));
  return code;
}

/**
 * Runs a command without input and keeps what it prints. It is a step of our own: a signal that ends us ends
 * it first.
 *
 * @param onWaiting called every 15 s with the seconds gone by
 * @returns `{ code, output }`; code 127 when there is no such command
 */
export async function runQuietly(command, args, { onWaiting, ...options } = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  const started = performance.now();
  const heartbeat =
    onWaiting && setInterval(() => onWaiting(Math.round((performance.now() - started) / 1000)), 15_000);
  try {
    const { code, received } = await outcome(child);
    if (received !== undefined) process.kill(process.pid, received);
    return { code, output: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    if (error.code === 'ENOENT') return { code: 127, output: `${command}: no such command` };
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}
