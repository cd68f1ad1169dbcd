import { readElement } from '../../../formats/der/reader.ts';
import { integer, sequence, tlv } from '../../../formats/der/writer.ts';
import { Tolerances } from '../../../formats/note.ts';
import { isEqual } from '../signed-data/signers.ts';
import type { MasterListRule } from './context.ts';

export const derContent: MasterListRule = {
  id: 'M-DER-CONTENT',
  title: 'CscaMasterList is DER, whatever its foreign certificates are',
  severity: 'error',
  source: 'Doc 9303-12 §9.2',
  mend: 'encode the list as DER around the certificates as they were received',
  findings: ({ signedData, masterList }) => {
    const content = signedData.eContent ?? new Uint8Array();
    const [, list] = readElement(content, 'CscaMasterList', new Tolerances()).children('CscaMasterList');
    if (list === undefined) return [];
    const certificates = list.children('Certificate').map(({ bytes }) => bytes);
    const encoded = sequence(integer(masterList.version), tlv(0x31, ...certificates));
    return isEqual(encoded, content) ? [] : ['the list is not encoded as DER would'];
  },
};
