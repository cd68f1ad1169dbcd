import { valueElement } from '../x509/raw-extension.ts';
import { type CertificateRule, extensionOf } from './context.ts';

export const pkupTime: CertificateRule = {
  id: 'C-PKUP-TIME',
  title: 'the times of privateKeyUsagePeriod are GeneralizedTime YYYYMMDDHHMMSSZ, before 2050 too',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.1, RFC 5280 §4.1.2.5.2',
  mend: 'write the seconds and Z, and no fraction',
  pkdCode: 'PKU.9',
  findings: (context) => {
    const extension = extensionOf(context, 'privateKeyUsagePeriod');
    if (extension === undefined) return [];
    return valueElement(extension)
      .children('privateKeyUsagePeriod')
      .map((time) => Buffer.from(time.content).toString('latin1'))
      .filter((text) => !/^\d{14}Z$/.test(text))
      .map((text) => `it has the time ${JSON.stringify(text)}`);
  },
};
