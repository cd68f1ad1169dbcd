import { type Element, readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { Tolerances } from '../../../formats/note.ts';
import { setOrderFindings } from '../signed-data/set-order.ts';
import type { DeviationListRule } from './context.ts';

export const setorderNumbers: DeviationListRule = {
  id: 'D-SETORDER-NUMBERS',
  title: 'document numbers are in the order of DER',
  severity: 'error',
  source: 'X.690 §11.6',
  mend: 'sort them by their octets',
  findings: ({ signedData }) => {
    const content = signedData.eContent ?? new Uint8Array();
    const list = readElement(content, 'DeviationList', new Tolerances())
      .children('DeviationList')
      .find(({ tag }) => tag === tags.set);
    const documents = (list?.children('Deviation') ?? []).flatMap((deviation) =>
      deviation.fields().next('documents').children('documents'),
    );
    return documents
      .filter(({ tag }) => tag === 0xa5)
      .flatMap((numbers: Element) => setOrderFindings(numbers, 'documentNumbers'));
  },
};
