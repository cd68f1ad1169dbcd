import { type Element, readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { Tolerances } from '../../../formats/note.ts';
import { type RawExtension, readRawExtensions } from '../x509/raw-extension.ts';

/** A certificate as it is encoded, for rules that ask how something is written rather than what it says. */
export interface RawCertificate {
  readonly serialNumber: Element;
  /** AlgorithmIdentifier inside the TBSCertificate. */
  readonly signature: Element;
  readonly notBefore: Element;
  readonly notAfter: Element;
  readonly spkiAlgorithm: Element;
  readonly hasExtensions: boolean;
  /** In the order of the encoding, those that occur twice too. */
  readonly extensions: readonly RawExtension[];
}

/** @param tbs a TBSCertificate that `decodeCertificate` could read */
export function readRawCertificate(tbs: Uint8Array): RawCertificate {
  const fields = readElement(tbs, 'tbsCertificate', new Tolerances()).fields();
  fields.optional(0xa0, 'version');
  const serialNumber = fields.next('serialNumber');
  const signature = fields.next('signature');
  fields.next('issuer');
  const validity = fields.next('validity').fields();
  fields.next('subject');
  const spkiAlgorithm = fields.next('subjectPublicKeyInfo').fields().next('algorithm');
  fields.optional(0x81, 'issuerUniqueID');
  fields.optional(0x82, 'subjectUniqueID');
  const extensions = fields.optional(0xa3, 'extensions')?.only('extensions').expect(tags.sequence);
  return {
    serialNumber,
    signature,
    notBefore: validity.next('notBefore'),
    notAfter: validity.next('notAfter'),
    spkiAlgorithm,
    hasExtensions: extensions !== undefined,
    extensions: extensions === undefined ? [] : readRawExtensions(extensions),
  };
}
