import { tags } from '../../../formats/der/tags.ts';
import { valueElement } from '../x509/raw-extension.ts';
import { type CertificateContext, extensionOf } from './context.ts';

/** The types of documentTypeList as they are written. @throws MalformedInput */
export function writtenTypes(context: CertificateContext): readonly string[] {
  const extension = extensionOf(context, 'documentTypeList');
  if (extension === undefined) return [];
  return valueElement(extension)
    .children('documentTypeList')
    .flatMap((element) => (element.tag === tags.set ? element.children('DocumentType') : []))
    .map((type) => type.string());
}
