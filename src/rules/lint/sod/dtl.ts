import { needing } from './context.ts';

export const dtl = needing(['dsc', 'mrz'], {
  id: 'S-DTL',
  title: 'the Document Signer may sign documents with the code of the MRZ',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.6',
  mend: 'sign with the Document Signer of this type of document',
  findings: ({ dsc, mrz: { documentCode } }) => {
    const types = dsc.documentTypeList?.types;
    if (types === undefined) return [];
    const isCovered = types.some((type) =>
      type.length === 1 ? documentCode.startsWith(type) : documentCode === type,
    );
    return isCovered ? [] : [`the MRZ has ${documentCode}, the signer ${types.join(', ')}`];
  },
});
