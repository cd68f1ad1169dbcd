import type { Element } from '../../der/reader.ts';
import { tags } from '../../der/tags.ts';

/** The document types that a Document Signer may sign (Doc 9303-12 §7.1.1.6). */
export interface DocumentTypeList {
  /** Undefined in the variant without version. */
  readonly version: number | undefined;
  /** Document codes as in the MRZ; one letter stands for every type that begins with it. */
  readonly types: readonly string[];
}

/**
 *     DocumentTypeListSyntax ::= SEQUENCE {
 *       version      DocumentTypeListVersion,
 *       docTypeList  SET OF DocumentType }
 *     DocumentType ::= PrintableString (SIZE(1..2))
 *
 * Read with notes: each type in a SET of its own (Moldova), and a SEQUENCE of types without version (China,
 * Tanzania, the Philippines).
 */
export function decodeDocumentTypeList(element: Element): DocumentTypeList {
  const fields = element.fields();
  const version = fields.optional(tags.integer, 'version')?.smallInteger();
  if (version === undefined) tolerateForm(element, 'has no version');
  const types: string[] = [];
  let sets = 0;
  for (let next = fields.peek(); next !== undefined; next = fields.peek()) {
    const element = fields.next('docTypeList');
    if (element.tag === tags.set || element.tag === tags.sequence) {
      sets += 1;
      types.push(...element.children('DocumentType').map(documentType));
    } else types.push(documentType(element));
  }
  if (version !== undefined && sets !== 1) tolerateForm(element, `has ${sets} sets of types instead of one`);
  return { version, types };
}

function documentType(element: Element): string {
  const type = element.string().toUpperCase();
  if (type.length < 1 || type.length > 2) tolerateForm(element, `has the type ${JSON.stringify(type)}`);
  return type.replace(/<+$/, '');
}

function tolerateForm(element: Element, detail: string): void {
  element.tolerate('DOCUMENT_TYPE_LIST_FORM', detail, 'Doc 9303-12 §7.1.1.6');
}
