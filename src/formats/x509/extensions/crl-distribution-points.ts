import type { Element } from '../../der/reader.ts';
import { tags } from '../../der/tags.ts';
import { decodeGeneralNames, type GeneralName } from '../general-names.ts';

export interface DistributionPoint {
  readonly fullName: readonly GeneralName[];
  readonly hasReasons: boolean;
  readonly hasCrlIssuer: boolean;
}

/**
 *     CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint
 *     DistributionPoint ::= SEQUENCE {
 *       distributionPoint  [0] DistributionPointName OPTIONAL,
 *       reasons            [1] ReasonFlags OPTIONAL,
 *       cRLIssuer          [2] GeneralNames OPTIONAL }
 *     DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] … }
 */
export function decodeCrlDistributionPoints(element: Element): readonly DistributionPoint[] {
  return element.expect(tags.sequence).children('DistributionPoint').map(decodeDistributionPoint);
}

function decodeDistributionPoint(element: Element): DistributionPoint {
  const fields = element.fields();
  const name = fields.optional(0xa0, 'distributionPoint')?.only('DistributionPointName');
  const reasons = fields.optional(0x81, 'reasons');
  const crlIssuer = fields.optional(0xa2, 'cRLIssuer');
  fields.end();
  return {
    fullName: name?.tag === 0xa0 ? decodeGeneralNames(name) : [],
    hasReasons: reasons !== undefined,
    hasCrlIssuer: crlIssuer !== undefined,
  };
}
