import { oidName } from '../../../formats/oids.ts';
import type { SharedRule } from './context.ts';

export const contentType: SharedRule = ({ prefix, source, contentType: wanted }) => ({
  id: `${prefix}-${prefix === 'S' ? 'ECT' : 'OID'}`,
  title: `eContentType is ${oidName(wanted) ?? wanted}`,
  severity: 'error',
  source,
  mend: `write the eContentType ${wanted}`,
  findings: ({ signedData: { eContentType } }) =>
    eContentType === wanted ? [] : [`eContentType is ${oidName(eContentType) ?? eContentType}`],
});
