import type { Element } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';

function textOf(time: Element): string {
  return Buffer.from(time.content).toString('latin1');
}

/** UTCTime is `YYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.1). */
export function utcTimeFindings(time: Element): readonly string[] {
  if (time.tag !== tags.utcTime || /^\d{12}Z$/.test(textOf(time))) return [];
  return [`${time.field} is the UTCTime ${JSON.stringify(textOf(time))}`];
}

/** GeneralizedTime is `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.2). */
export function generalizedTimeFindings(time: Element): readonly string[] {
  if (time.tag !== tags.generalizedTime || /^\d{14}Z$/.test(textOf(time))) return [];
  return [`${time.field} is the GeneralizedTime ${JSON.stringify(textOf(time))}`];
}

/** UTCTime through 2049. The other way round cannot be told: two digits say no century. */
export function timeChoiceFindings(time: Element): readonly string[] {
  if (time.tag !== tags.generalizedTime || Number(textOf(time).slice(0, 4)) >= 2050) return [];
  return [`${time.field} is GeneralizedTime in the year ${textOf(time).slice(0, 4)}`];
}
