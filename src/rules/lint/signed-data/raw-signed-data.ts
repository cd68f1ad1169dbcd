import { type Element, readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { Tolerances } from '../../../formats/note.ts';

/** A SignerInfo as it is encoded. */
export interface RawSignerInfo {
  readonly digestAlgorithm: Element;
  readonly signedAttrs: Element | undefined;
  readonly signatureAlgorithm: Element;
}

/** A SignedData as it is encoded. */
export interface RawSignedData {
  readonly contentInfo: Element;
  /** The AlgorithmIdentifiers of digestAlgorithms. */
  readonly digestAlgorithms: readonly Element[];
  readonly certificates: Element | undefined;
  readonly signerInfos: readonly RawSignerInfo[];
}

/** @param contentInfo a ContentInfo that `decodeSignedData` could read */
export function readRawSignedData(contentInfo: Uint8Array): RawSignedData {
  const element = readElement(contentInfo, 'ContentInfo', new Tolerances());
  const outer = element.fields();
  outer.next('contentType');
  const fields = outer.next('content').only('SignedData').fields();
  fields.next('version');
  const digestAlgorithms = fields.next('digestAlgorithms').children('digestAlgorithm');
  fields.next('encapContentInfo');
  const certificates = fields.optional(0xa0, 'certificates');
  fields.optional(0xa1, 'crls');
  const signerInfos = fields.next('signerInfos').children('SignerInfo').map(readRawSignerInfo);
  return { contentInfo: element, digestAlgorithms, certificates, signerInfos };
}

function readRawSignerInfo(element: Element): RawSignerInfo {
  const fields = element.fields(tags.sequence);
  fields.next('version');
  fields.next('sid');
  const digestAlgorithm = fields.next('digestAlgorithm');
  const signedAttrs = fields.optional(0xa0, 'signedAttrs');
  return { digestAlgorithm, signedAttrs, signatureAlgorithm: fields.next('signatureAlgorithm') };
}
