import { oids } from '../../../formats/oids.ts';
import { generalizedTimeFindings, timeChoiceFindings, utcTimeFindings } from '../x509/time-form.ts';
import type { SharedRule } from './context.ts';

export const attrTime: SharedRule = ({ prefix }) => ({
  id: `${prefix}-ATTR-TIME`,
  title: 'signing-time is UTCTime through 2049, with seconds and Z',
  severity: 'error',
  source: 'RFC 5652 §11.3',
  mend: 'write YYMMDDHHMMSSZ before 2050 and YYYYMMDDHHMMSSZ from then on',
  findings: ({ signers }) =>
    signers
      .flatMap(({ raw }) => raw.signedAttrs?.children('Attribute') ?? [])
      .flatMap((attribute) => {
        const fields = attribute.fields();
        if (fields.next('attrType').objectIdentifier() !== oids.signingTime) return [];
        return fields.next('attrValues').children('signing-time');
      })
      .flatMap((time) =>
        [utcTimeFindings, generalizedTimeFindings, timeChoiceFindings].flatMap((check) => check(time)),
      ),
});
