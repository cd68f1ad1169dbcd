import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second towards programs, whatever its own tick is. */
const ticksPerSecond = 100;

/** Seconds of processor time that a process has had, all of its threads together; 0 where there is no /proc. */
export function cpuSeconds(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  // The second field is the program's name in brackets, which may hold blanks: utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return ticks / ticksPerSecond;
}

/** Peak of a process's resident memory in KiB; 0 where there is no /proc. */
export function peakKiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1] ?? 0);
}

/** Process ids of the children that the main thread of a process has started. */
export function childrenOf(pid: number): readonly number[] {
  return readProc(`${pid}/task/${pid}/children`)
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}

/** The most octets of memory that a process has had at a time; NaN where there is no /proc. */
export function peakOctets(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readProc(`${pid}/status`))?.[1]) * 1_024;
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
