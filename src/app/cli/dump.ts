import { curveByOid } from '../../formats/algorithms/curves.ts';
import { digestByOid } from '../../formats/algorithms/digests.ts';
import { oidName } from '../../formats/oids.ts';
import { paint, printable, type Screen } from './screen.ts';

/** A readable dump: labelled values, and dumps of the parts. */
export interface Dump {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly parts?: readonly Dump[];
}

/** A label and its value, one line or several. */
export type Row = readonly [label: string, value: string | readonly string[]];

/** Rows whose value is there. */
export function rows(...all: readonly (readonly [string, string | readonly string[] | undefined])[]): Row[] {
  return all.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]));
}

/** Lines of text, indented by depth, the labels of one dump in one column. */
export function renderDump(screen: Screen, dump: Dump, depth = 0): string {
  const indent = '  '.repeat(depth);
  const width = Math.max(0, ...dump.rows.map(([label]) => label.length)) + 2;
  const lines = dump.rows.flatMap(([label, value]) => {
    const [first = '', ...more] = typeof value === 'string' ? [value] : value;
    const name = paint(screen, 'dim', label.padEnd(width));
    const further = more.map((line) => `${indent}  ${' '.repeat(width)}${printable(line)}`);
    return [`${indent}  ${name}${printable(first)}`, ...further];
  });
  const title = `${indent}${paint(screen, 'bold', printable(dump.title))}`;
  const parts = (dump.parts ?? []).map((part) => renderDump(screen, part, depth + 1));
  return [title, ...lines, ...parts].join('\n');
}

/** Lower-case hexadecimal. */
export function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

/** Hexadecimal in lines of 32 octets. */
export function hexLines(octets: Uint8Array): readonly string[] {
  const lines = [];
  for (let at = 0; at < octets.length; at += 32) lines.push(hex(octets.subarray(at, at + 32)));
  return lines;
}

/** `2026-08-01 12:00:00 UTC` */
export function instantText(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The standard's name of an OID, or the OID. */
export function oidText(oid: string): string {
  return oidName(oid) ?? digestByOid(oid)?.name ?? curveByOid(oid)?.name ?? oid;
}
