import type { Element } from '../../der/reader.ts';
import { tags } from '../../der/tags.ts';

export interface BasicConstraints {
  readonly cA: boolean;
  readonly pathLenConstraint: number | undefined;
}

/**
 *     BasicConstraints ::= SEQUENCE {
 *       cA                 BOOLEAN DEFAULT FALSE,
 *       pathLenConstraint  INTEGER (0..MAX) OPTIONAL }
 */
export function decodeBasicConstraints(element: Element): BasicConstraints {
  const fields = element.fields();
  const cA = fields.optional(tags.boolean, 'cA');
  const pathLenConstraint = fields.optional(tags.integer, 'pathLenConstraint')?.smallInteger();
  fields.end();
  if (cA?.boolean() === false) element.tolerate('DEFAULT_ENCODED', 'has cA FALSE written out', 'X.690 §11.5');
  return { cA: cA?.boolean() ?? false, pathLenConstraint };
}
