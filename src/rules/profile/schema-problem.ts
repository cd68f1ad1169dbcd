import { z } from 'zod';

/** The most telling of the things that are wrong with a file. */
export interface SchemaProblem {
  readonly path: readonly (string | number)[];
  /** What is wrong, without the path. */
  readonly reason: string;
  readonly isUnknownKey: boolean;
}

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/**
 * A misspelt key is told before the one that is missing for it, and of the forms that something may have the one that
 * was begun is meant.
 */
export function problemOf({ issues }: z.ZodError): SchemaProblem {
  const problems = issues.flatMap((issue) => problemsOf(issue, []));
  const [first] = problems;
  return (
    problems.find(({ isUnknownKey }) => isUnknownKey) ??
    first ?? { path: [], reason: 'does not fit', isUnknownKey: false }
  );
}

function problemsOf(issue: Issue, above: SchemaProblem['path']): readonly SchemaProblem[] {
  const path = [...above, ...issue.path.filter((step) => typeof step !== 'symbol')];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], reason: issue.message, isUnknownKey: true }));
  }
  const begun = issue.code === 'invalid_union' ? issue.errors.filter(isBegun) : [];
  const [form, ...others] = begun;
  if (form === undefined) return [{ path, reason: issue.message, isUnknownKey: false }];
  const problems = form.flatMap((inner) => problemsOf(inner, path));
  // Which of several forms was meant cannot be known.
  if (others.length === 0) return problems;
  const unknown = problems.find(({ isUnknownKey }) => isUnknownKey);
  const reason = `is not a key that is known here: ${String(path.at(-1) ?? 'it')} ${issue.message}`;
  return [
    unknown === undefined ? { path, reason: issue.message, isUnknownKey: false } : { ...unknown, reason },
  ];
}

/** Whether something is of a form, as far as the outside goes. */
function isBegun(issues: readonly Issue[]): boolean {
  return issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys');
}

/** What is wrong in plain words, for everything that does not say so itself. */
export function inPlainWords(issue: RawIssue): string | undefined {
  const { inst } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return `is not a key that is known here (${keysOf(inst).join(', ')}): take it out or correct it`;
    case 'too_small':
    case 'too_big':
      return bound(issue.code, issue.origin, Number(issue.minimum ?? issue.maximum));
    case 'invalid_type':
    case 'invalid_value':
    case 'invalid_union':
      return `must be ${allowed(inst)}`;
    case 'invalid_format':
      return `must match ${String(issue.pattern ?? issue.format)}`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
      return undefined;
  }
}

function bound(code: 'too_small' | 'too_big', origin: unknown, limit: number): string {
  const which = `at ${code === 'too_small' ? 'least' : 'most'} ${limit}`;
  if (origin === 'array') return `must have ${which} ${limit === 1 ? 'entry' : 'entries'}`;
  return origin === 'string'
    ? `must have ${which} ${limit === 1 ? 'character' : 'characters'}`
    : `must be ${which}`;
}

function keysOf(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodRecord ? valuesOf(schema.keyType) : [];
}

function valuesOf(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodEnum) return schema.options.map(String);
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : [];
}

/** What a value may be, to stand after "must be". */
function allowed(schema: unknown): string {
  if (schema instanceof z.ZodUnion) return schema.options.map(allowed).join(', or ');
  if (schema instanceof z.ZodOptional) return allowed(schema.unwrap());
  if (schema instanceof z.ZodPipe) return allowed(schema.in);
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) {
    const keys = keysOf(schema);
    return keys.length === 0
      ? 'keys with values'
      : `${keys.length === 1 ? 'the key' : 'the keys'} ${keys.join(', ')}`;
  }
  const values = valuesOf(schema);
  if (values.length > 0) return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
  if (schema instanceof z.ZodArray) return 'a list';
  if (schema instanceof z.ZodBoolean) return 'true or false';
  return schema instanceof z.ZodNumber ? 'a number' : 'a text';
}
