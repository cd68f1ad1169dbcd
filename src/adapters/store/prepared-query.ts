import type { Compilable, CompiledQuery } from 'kysely';

/** Stands in a query for a value that each call brings. */
class Placeholder {
  readonly name: string | symbol;

  constructor(name: string | symbol) {
    this.name = name;
  }
}

/**
 * A query that is built and compiled once and then run with other values each time; building one takes longer
 * than running it.
 *
 *     const sodOf = prepareQuery((value: { requestId: string }) =>
 *       queries.selectFrom('sods').selectAll().where('request_id', '=', value.requestId));
 *     database.first(sodOf({ requestId }));
 *
 * @param build is called once, with placeholders: it hands the values on to the query and looks at none
 */
export function prepareQuery<Values extends object, Row>(
  build: (value: Values) => Compilable<Row>,
): (values: Values) => CompiledQuery<Row> {
  const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(name) });
  const { sql, parameters, query, queryId } = build(placeholders as Values).compile();
  return (values) => {
    const valueOf = (parameter: unknown): unknown =>
      parameter instanceof Placeholder ? values[parameter.name as keyof Values] : parameter;
    return { sql, query, queryId, parameters: parameters.map(valueOf) };
  };
}
