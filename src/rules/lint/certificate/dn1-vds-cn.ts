import { tags } from '../../../formats/der/tags.ts';
import { oids } from '../../../formats/oids.ts';
import type { CertificateRule } from './context.ts';

export const dn1VdsCn: CertificateRule = {
  id: 'C-DN1-VDS-CN',
  title: 'commonName of a bar-code signer is two upper-case characters as PrintableString',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.3 Table 8',
  mend: 'write the third and fourth character of the signer identifier in the seal',
  appliesTo: (kind) => kind === 'vds-signer',
  findings: ({ certificate }) =>
    certificate.subject.rdns
      .flat()
      .filter(({ type }) => type === oids.commonName)
      .filter(({ value, stringTag }) => !/^[A-Z0-9]{2}$/.test(value) || stringTag !== tags.printableString)
      .map(({ value }) => `commonName is ${JSON.stringify(value)}`),
};
