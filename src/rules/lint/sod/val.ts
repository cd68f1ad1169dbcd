import { day } from '../day.ts';
import { needing } from './context.ts';

export const val = needing(['dsc', 'mrz'], {
  id: 'S-VAL',
  title: 'the Document Signer certificate is valid for as long as the document',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.1',
  mend: 'sign with a Document Signer that is certified for longer, or shorten the validity of the document',
  findings: ({ dsc, mrz: { dateOfExpiry } }) => {
    const match = /^(\d\d)(\d\d)(\d\d)$/.exec(dateOfExpiry);
    if (match === null) return [];
    // Two digits of the year of expiry are of this century: documents last ten years.
    const expiry = new Date(`20${match[1]}-${match[2]}-${match[3]}T00:00:00Z`);
    return expiry > dsc.notAfter
      ? [`the document is valid until ${day(expiry)}, the certificate until ${day(dsc.notAfter)}`]
      : [];
  },
});
