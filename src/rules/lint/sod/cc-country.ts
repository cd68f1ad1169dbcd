import { isIssuedBy } from '../../passive-authentication/index.ts';
import { needing } from './context.ts';

export const ccCountry = needing(['dsc', 'mrz'], {
  id: 'S-CC-COUNTRY',
  title: 'the issuing State of the MRZ is that of countryName of the Document Signer',
  severity: 'error',
  source: 'Doc 9303-12 Table 5, Doc 9303-3 §5',
  mend: 'sign with a Document Signer of the issuing State',
  findings: ({ dsc, mrz: { issuingState } }) => {
    const { country } = dsc.subject;
    return country !== undefined && isIssuedBy(country, issuingState) === false
      ? [`the MRZ has ${issuingState}, the Document Signer C=${country}`]
      : [];
  },
});
