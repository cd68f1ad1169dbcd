import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { parsePeriod } from './period.ts';
import { inPlainWords, problemOf, type SchemaProblem } from './schema-problem.ts';

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
 * Where keys are asked for: the clause of the standard or a document of ours, by the path of the key without positions
 * in lists. It counts for the keys below too, and the empty path for the whole file.
 */
export type Clauses = Readonly<Record<string, string>>;

/**
 * Parses one YAML file against its schema: unknown, missing and duplicate keys are refused.
 *
 * @throws MalformedInput whose field is `file:line key.path`, for the first of the problems found
 */
export function parsePolicyFile<T extends z.ZodType>(
  schema: T,
  source: PolicySource,
  clauses: Clauses = {},
): z.infer<T> {
  return parsePolicyFileWithLines(schema, source, clauses).value;
}

/** @throws MalformedInput as `parsePolicyFile` */
export function parsePolicyFileWithLines<T extends z.ZodType>(
  schema: T,
  source: PolicySource,
  clauses: Clauses = {},
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
  const result = schema.safeParse(document.toJS(), { error: inPlainWords });
  if (result.success) return { value: result.data, at };
  const problem = problemOf(result.error);
  const { path, reason } = problem;
  const told = document.hasIn(path) ? reason : `is missing: ${reason}`;
  const clause = clauseOf(clauses, problem);
  throw new MalformedInput(at(path.join('.')), told, clause === undefined ? {} : { source: clause });
}

/** The clause of the nearest key that has one; an unknown key is a matter of the file's own description. */
function clauseOf(clauses: Clauses, { path, isUnknownKey }: SchemaProblem): string | undefined {
  const keys = isUnknownKey ? [] : path.filter((step) => typeof step === 'string');
  for (let length = keys.length; length >= 0; length -= 1) {
    const clause = clauses[keys.slice(0, length).join('.')];
    if (clause !== undefined) return clause;
  }
  return undefined;
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

const aPeriod = 'must be an ISO 8601 period such as P10Y3M';
/** A calendar period in a policy file, parsed. */
export const periodSchema = z
  .string(aPeriod)
  .regex(/^P(?=\d)(\d{1,3}Y)?(\d{1,3}M)?(\d{1,3}W)?(\d{1,4}D)?$/, aPeriod)
  .transform(parsePeriod);
