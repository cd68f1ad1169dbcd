import type { Element } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import type { DeviationListRule } from './context.ts';
import { deviationTypes, type ParameterKind } from './deviation-types.ts';

const dataGroups: readonly number[] = [...Array.from({ length: 16 }, (_, index) => index + 1), 20, 21];

export const parameter: DeviationListRule = {
  id: 'D-PARAMETER',
  title: 'parameters say what the type of deviation has them say',
  severity: 'error',
  source: 'Doc 9303-12 §10.2',
  mend: 'write the certificate field, data group or MRZ field that deviates, or no parameters',
  findings: ({ deviationList }) =>
    deviationList.deviations
      .flatMap(({ descriptions }) => descriptions)
      .flatMap(({ deviationType, parameters }) => {
        const kind = deviationTypes.get(deviationType);
        return kind === undefined || isRight(kind, parameters)
          ? []
          : [`the parameters of ${deviationType} are no ${kind === 'none' ? 'part of it' : kind}`];
      }),
};

/** All parameters are optional, and some types have none at all. */
function isRight(kind: ParameterKind, parameters: Element | undefined): boolean {
  if (parameters === undefined) return true;
  const isOid = parameters.tag === tags.objectIdentifier;
  const number = parameters.tag === tags.integer ? parameters.smallInteger() : undefined;
  const isWithin = (last: number): boolean => number !== undefined && number >= 0 && number <= last;
  switch (kind) {
    case 'none':
      return false;
    case 'CertField':
      return isOid || isWithin(9);
    case 'Datagroup':
      return number !== undefined && dataGroups.includes(number);
    case 'MRZField':
      return isWithin(9);
  }
}
