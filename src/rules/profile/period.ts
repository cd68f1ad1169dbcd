import { MalformedInput } from '../../formats/malformed-input.ts';

/** A calendar period as policies write it: ISO 8601 `P10Y3M`, `P90D`, `P2W`; no hours, no fractions. */
export interface Period {
  readonly years: number;
  readonly months: number;
  readonly days: number;
}

/** @throws MalformedInput unless `text` is an ISO 8601 duration of whole years, months, weeks and days */
export function parsePeriod(text: string): Period {
  const parts = /^P(?:(\d{1,3})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?$/.exec(text);
  if (parts === null || text === 'P') {
    throw new MalformedInput('period', `${JSON.stringify(text)} is not an ISO 8601 period such as P10Y3M`);
  }
  const [years = 0, months = 0, weeks = 0, days = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return { years, months, days: weeks * 7 + days };
}

/**
 * The instant one `period` after `start`, in UTC. A day that the target month does not have becomes its
 * last one (31 January + P1M = 28 or 29 February), so that a period never spills into a further month.
 */
export function addPeriod(start: Date, period: Period): Date {
  const months = start.getUTCFullYear() * 12 + start.getUTCMonth() + period.years * 12 + period.months;
  const year = Math.floor(months / 12);
  const month = months % 12;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const moved = new Date(start);
  moved.setUTCFullYear(year, month, Math.min(start.getUTCDate(), lastDay));
  moved.setUTCDate(moved.getUTCDate() + period.days);
  return moved;
}
