type Schema = Readonly<Record<string, unknown>>;

/** Keywords that say nothing about validity, or nothing that is checked here. */
const annotations: readonly string[] = ['description', 'contentEncoding', 'format', 'title', 'examples'];

/**
 * Validates as far as our OpenAPI documents use JSON Schema 2020-12, sharing nothing with what made them. A
 * keyword that it does not know is an error, so that no constraint goes unchecked.
 *
 * @param root the document that `$ref` refers into
 * @returns what does not hold, each with its path
 */
export function schemaViolations(root: unknown, schema: unknown, value: unknown, path = '$'): string[] {
  const keywords = Object.entries(schema as Schema);
  return keywords.flatMap(([keyword, operand]) => {
    if (annotations.includes(keyword)) return [];
    const check = checks[keyword];
    if (check === undefined) return [`${path}: keyword ${keyword} is not known`];
    return check({ root, schema: schema as Schema, operand, value, path });
  });
}

/** @throws Error on a reference that leads nowhere */
export function resolveReference(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#/')) throw new Error(`${reference} is not inside of the document`);
  const steps = reference.slice(2).split('/');
  const target = steps.reduce<unknown>((node, step) => (node as Schema | undefined)?.[step], root);
  if (target === undefined) throw new Error(`${reference} leads nowhere`);
  return target;
}

interface Check {
  readonly root: unknown;
  readonly schema: Schema;
  readonly operand: unknown;
  readonly value: unknown;
  readonly path: string;
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeTests: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
};

function when(applies: boolean, holds: () => boolean, otherwise: string): string[] {
  return applies && !holds() ? [otherwise] : [];
}

const checks: Readonly<Record<string, (check: Check) => string[]>> = {
  $ref: ({ root, operand, value, path }) =>
    schemaViolations(root, resolveReference(root, operand as string), value, path),
  type: ({ operand, value, path }) =>
    when(
      true,
      () => typeTests[operand as string]?.(value) === true,
      `${path}: is not of type ${String(operand)}`,
    ),
  enum: ({ operand, value, path }) =>
    when(true, () => (operand as unknown[]).includes(value), `${path}: is not among the values`),
  pattern: ({ operand, value, path }) =>
    when(
      typeof value === 'string',
      () => new RegExp(operand as string, 'u').test(value as string),
      `${path}: does not match ${String(operand)}`,
    ),
  minLength: ({ operand, value, path }) =>
    when(
      typeof value === 'string',
      () => [...(value as string)].length >= Number(operand),
      `${path}: is too short`,
    ),
  maxLength: ({ operand, value, path }) =>
    when(
      typeof value === 'string',
      () => [...(value as string)].length <= Number(operand),
      `${path}: is too long`,
    ),
  minimum: ({ operand, value, path }) =>
    when(typeof value === 'number', () => Number(value) >= Number(operand), `${path}: is too small`),
  maximum: ({ operand, value, path }) =>
    when(typeof value === 'number', () => Number(value) <= Number(operand), `${path}: is too great`),
  required: ({ operand, value, path }) =>
    isObject(value)
      ? (operand as string[]).filter((name) => !(name in value)).map((name) => `${path}.${name}: is missing`)
      : [],
  properties: ({ root, operand, value, path }) =>
    isObject(value)
      ? Object.entries(operand as Schema)
          .filter(([name]) => name in value)
          .flatMap(([name, schema]) => schemaViolations(root, schema, value[name], `${path}.${name}`))
      : [],
  propertyNames: ({ root, operand, value, path }) =>
    isObject(value)
      ? Object.keys(value).flatMap((name) => schemaViolations(root, operand, name, `${path}.${name} (name)`))
      : [],
  additionalProperties: ({ root, schema, operand, value, path }) => {
    if (!isObject(value)) return [];
    const named = Object.keys(schema['properties'] ?? {});
    const additional = Object.keys(value).filter((name) => !named.includes(name));
    return additional.flatMap((name) =>
      operand === false
        ? [`${path}.${name}: is not known`]
        : schemaViolations(root, operand, value[name], `${path}.${name}`),
    );
  },
};
