import { MalformedInput } from '../malformed-input.ts';

export interface DecodedTime {
  readonly instant: Date;
  /** Deviations from RFC 5280 §4.1.2.5, each a phrase; empty for a time written as it asks. */
  readonly deviations: readonly string[];
}

/**
 * Content of a UTCTime: `YYMMDDHHMMSSZ`, years 50 to 99 in the twentieth century (RFC 5280 §4.1.2.5.1). Read
 * leniently: without seconds or with an offset from UTC, as X.680 §47 allows.
 *
 * @throws MalformedInput on anything else, such as 30 February
 */
export function decodeUtcTime(content: Uint8Array): DecodedTime {
  const usual = decodeUsualUtcTime(content);
  if (usual !== undefined) return usual;
  const text = ascii(content);
  const match = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})?$/.exec(text);
  if (match === null) throw new MalformedInput('UTCTime', `${JSON.stringify(text)} is not a time`);
  const [, yy = '', ...rest] = match;
  return assemble('UTCTime', (Number(yy) >= 50 ? '19' : '20') + yy, rest);
}

const noDeviations: readonly string[] = [];

/** `YYMMDDHHMMSSZ` without the detour over text: a CRL has one for each of its entries. */
function decodeUsualUtcTime(content: Uint8Array): DecodedTime | undefined {
  if (content.length !== 13 || content[12] !== 0x5a) return undefined;
  const pair = (at: number): number => {
    const tens = (content[at] ?? 0) - 0x30;
    const ones = (content[at + 1] ?? 0) - 0x30;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
  };
  const yy = pair(0);
  const [month, day, hour, minute, second] = [pair(2), pair(4), pair(6), pair(8), pair(10)];
  const isCertain =
    month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour < 24 && minute < 60 && second < 60;
  // The last days of a month, and whatever is wrong, are left to the general way.
  if (!isCertain || Number.isNaN(yy)) return undefined;
  const year = yy >= 50 ? 1900 + yy : 2000 + yy;
  const instant = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return { instant, deviations: noDeviations };
}

/**
 * Content of a GeneralizedTime: `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.2). Read leniently: without seconds, with
 * a fraction or an offset, or as local time, which is then taken as UTC.
 *
 * @throws MalformedInput on anything else
 */
export function decodeGeneralizedTime(content: Uint8Array): DecodedTime {
  const text = ascii(content);
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?([.,]\d{1,9})?(Z|[+-]\d{4})?$/.exec(text);
  if (match === null) throw new MalformedInput('GeneralizedTime', `${JSON.stringify(text)} is not a time`);
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match;
  const time = assemble('GeneralizedTime', year, [month, day, hour, minute, second, zone]);
  return fraction === undefined ? time : withFraction(time, fraction);
}

function ascii(content: Uint8Array): string {
  if (content.length > 40) throw new MalformedInput('Time', `has ${content.length} octets`);
  return Buffer.from(content).toString('latin1');
}

function assemble(type: string, year: string, parts: readonly (string | undefined)[]): DecodedTime {
  const [month = '', day = '', hour = '', minute = '', second, zone] = parts;
  const deviations: string[] = [];
  if (second === undefined) deviations.push('has no seconds');
  if (zone === undefined) deviations.push('has no time zone, taken as UTC');
  else if (zone !== 'Z') deviations.push(`has the offset ${zone} instead of Z`);
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}.000Z`;
  const instant = new Date(text);
  // A Date rolls 30 February over into March, so compare what comes back.
  if (Number.isNaN(instant.getTime()) || instant.toISOString() !== text) {
    throw new MalformedInput(type, `${text} does not exist`);
  }
  return { instant: new Date(instant.getTime() - offsetMs(type, zone)), deviations };
}

function offsetMs(type: string, zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3, 5));
  if (hours > 14 || minutes > 59) throw new MalformedInput(type, `has the offset ${zone}`);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function withFraction(time: DecodedTime, fraction: string): DecodedTime {
  const ms = Math.floor(Number(`0.${fraction.slice(1)}`) * 1000);
  return {
    instant: new Date(time.instant.getTime() + ms),
    deviations: [...time.deviations, 'has a fraction of a second'],
  };
}
