import { oids } from '../../../formats/oids.ts';

/** What the parameters of a deviation type say (Doc 9303-12 §10.2). */
export type ParameterKind = 'none' | 'CertField' | 'Datagroup' | 'MRZField';

/** Deviation types by what follows the OID of deviation lists. */
const types: readonly (readonly [arcs: string, parameter: ParameterKind])[] = [
  ['1', 'none'],
  ['1.1', 'none'],
  ['1.2', 'CertField'],
  ['1.3', 'CertField'],
  ['1.4', 'none'],
  ['2', 'none'],
  ['2.1', 'Datagroup'],
  ['2.2', 'Datagroup'],
  ['2.3', 'none'],
  ['2.4', 'none'],
  ['3', 'none'],
  ['3.1', 'MRZField'],
  ['3.2', 'MRZField'],
  ['4', 'none'],
  ['5', 'none'],
];

export const deviationTypes: ReadonlyMap<string, ParameterKind> = new Map(
  types.map(([arcs, parameter]) => [`${oids.deviationList}.${arcs}`, parameter]),
);
