import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { parsePeriod } from './period.ts';

/** A policy as it came from its file. */
export interface PolicySource {
  /** File name for messages, e.g. `policies/csca.yaml`. */
  readonly file: string;
  readonly text: string;
}

/** A file that fits its schema, with the way back to its lines for rules that look further. */
export interface ParsedPolicyFile<T> {
  readonly value: T;
  /** `file:line key.path` of a key, dots between its steps; the line of the nearest key that is there. */
  readonly at: (path: string) => string;
}

/**
 * Parses one YAML file against its schema: unknown, missing and duplicate keys are refused.
 *
 * @throws MalformedInput whose field is `file:line key.path`, for the first of the problems found
 */
export function parsePolicyFile<T extends z.ZodType>(schema: T, source: PolicySource): z.infer<T> {
  return parsePolicyFileWithLines(schema, source).value;
}

/** @throws MalformedInput as `parsePolicyFile` */
export function parsePolicyFileWithLines<T extends z.ZodType>(
  schema: T,
  source: PolicySource,
): ParsedPolicyFile<z.infer<T>> {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, uniqueKeys: true, strict: true });
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    const { line } = lines.linePos(syntax.pos[0]);
    throw new MalformedInput(`${source.file}:${line}`, syntax.message.split('\n')[0] ?? syntax.message);
  }
  const at = (path: string) =>
    `${source.file}:${lineOf(document, lines, path === '' ? [] : path.split('.'))} ${path}`.trimEnd();
  const result = schema.safeParse(document.toJS());
  if (result.success) return { value: result.data, at };
  const { path, reason } = explained(result.error, document);
  throw new MalformedInput(at(path.join('.')), reason);
}

/** Where the first of the problems is, and what it is: zod tells of the key around an unknown one, and of types. */
function explained(
  { issues: [issue] }: z.ZodError,
  document: ReturnType<typeof parseDocument>,
): { path: readonly (string | number)[]; reason: string } {
  const path = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
  if (issue?.code === 'unrecognized_keys') {
    return { path: [...path, issue.keys[0] ?? ''], reason: 'is not a key that is known here: take it out' };
  }
  const message = issue?.message ?? 'does not fit the schema';
  const reason = `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
  return document.hasIn(path) ? { path, reason } : { path, reason: `is missing: ${reason}` };
}

/** The line of the deepest node on `path` that is there. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  path: readonly (string | number)[],
): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** A calendar period in a policy file, parsed. */
export const periodSchema = z
  .string()
  .regex(/^P(?=\d)(\d{1,3}Y)?(\d{1,3}M)?(\d{1,3}W)?(\d{1,4}D)?$/, 'must be an ISO 8601 period such as P10Y3M')
  .transform(parsePeriod);
