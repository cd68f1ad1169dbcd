import { decodeGeneralNames } from '../../../formats/x509/general-names.ts';
import { oids } from '../../../formats/oids.ts';
import { valueElement } from '../x509/raw-extension.ts';
import { type CrlRule, extensionOf } from './context.ts';

export const ianNames: CrlRule = {
  id: 'R-IAN-NAMES',
  title: 'issuerAltName of a CRL has the former names of the CSCA, not the code of the State',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.4 Table 10',
  mend: 'write each former name as directoryName, or leave the extension out',
  findings: (context) => {
    const extension = extensionOf(context, 'issuerAltName');
    if (extension === undefined) return [];
    return decodeGeneralNames(valueElement(extension)).flatMap((name) => {
      if (name.kind !== 'directoryName') return [`it has a ${name.kind}`];
      const hasCountry = name.name.rdns.flat().some(({ type }) => type === oids.countryName);
      return hasCountry ? [] : [`it has ${name.name.display}, no name of a CSCA`];
    });
  },
};
