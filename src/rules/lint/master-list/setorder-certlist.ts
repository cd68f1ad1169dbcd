import { readElement } from '../../../formats/der/reader.ts';
import { Tolerances } from '../../../formats/note.ts';
import { setOrderFindings } from '../signed-data/set-order.ts';
import type { MasterListRule } from './context.ts';

export const setorderCertlist: MasterListRule = {
  id: 'M-SETORDER-CERTLIST',
  title: 'the certificates of the list are in the order of DER',
  severity: 'error',
  source: 'X.690 §11.6',
  mend: 'sort them by their octets',
  findings: ({ signedData }) => {
    const content = signedData.eContent ?? new Uint8Array();
    const [, list] = readElement(content, 'CscaMasterList', new Tolerances()).children('CscaMasterList');
    return setOrderFindings(list, 'certList');
  },
};
