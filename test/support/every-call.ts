/** `SIGILLO_EVERY_CALL=1`: loops over the calls of one act leave none out, and long runs of torture are run. */
export const everyCall = process.env['SIGILLO_EVERY_CALL'] === '1';

const mostSampled = 4;

/** Numbers from 1 to `calls`: all of them, or without `SIGILLO_EVERY_CALL` some, the first and the last among them. */
export function sampled(calls: number): readonly number[] {
  if (everyCall || calls <= mostSampled) return Array.from({ length: calls }, (_, index) => index + 1);
  const gap = (calls - 1) / (mostSampled - 1);
  return Array.from({ length: mostSampled }, (_, index) => 1 + Math.round(index * gap));
}
