import type { Context } from 'koa';
import { MalformedInput } from '../../formats/malformed-input.ts';

/**
 * How long the caller will wait: the preference `wait` of RFC 7240 §4.3, in whole seconds. Other preferences are
 * passed over, as §2 asks.
 *
 * @returns milliseconds; undefined where the caller says nothing
 * @throws MalformedInput for a `wait` that is no number of seconds above 0
 */
export function waitPreferenceMs(ctx: Context): number | undefined {
  const preferences = ctx.get('Prefer').split(/[,;]/);
  const wait = preferences.map((text) => /^\s*wait\s*=\s*"?([^"]*?)"?\s*$/i.exec(text)?.[1]).find(isGiven);
  if (wait === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(wait)) return Number(wait) * 1_000;
  throw new MalformedInput('Prefer', 'wait must be a number of seconds from 1 to 999999', {
    source: 'RFC 7240 §4.3',
  });
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined;
}
