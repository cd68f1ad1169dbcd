import { tags } from '../../../formats/der/tags.ts';
import { valueElement } from '../x509/raw-extension.ts';
import { type CertificateRule, extensionOf } from './context.ts';

export const dtlSyntax: CertificateRule = {
  id: 'C-DTL-SYNTAX',
  title: 'documentTypeList is the version 0 and one SET of PrintableStrings',
  severity: 'error',
  source: 'Doc 9303-12 §7.1.1.6',
  mend: 'write SEQUENCE { INTEGER 0, SET OF PrintableString }',
  findings: (context) => {
    const extension = extensionOf(context, 'documentTypeList');
    if (extension === undefined) return [];
    const [version, list, ...more] = valueElement(extension).children('documentTypeList');
    if (version?.tag !== tags.integer) return ['there is no version'];
    if (version.integer() !== 0n) return [`the version is ${version.integer()}`];
    if (list?.tag !== tags.set || more.length > 0) return ['there is not one SET of types'];
    const types = list.children('DocumentType');
    if (types.length === 0) return ['there is no type'];
    return types.every(({ tag }) => tag === tags.printableString) ? [] : ['a type is no PrintableString'];
  },
};
