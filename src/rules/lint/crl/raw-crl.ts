import { type Element, readElement } from '../../../formats/der/reader.ts';
import { tags } from '../../../formats/der/tags.ts';
import { Tolerances } from '../../../formats/note.ts';
import { type RawExtension, readRawExtensions } from '../x509/raw-extension.ts';

/** A CRL as it is encoded. */
export interface RawCrl {
  /** AlgorithmIdentifier inside the TBSCertList. */
  readonly signature: Element;
  readonly thisUpdate: Element;
  readonly nextUpdate: Element | undefined;
  readonly revokedCertificates: Element | undefined;
  readonly hasExtensions: boolean;
  /** In the order of the encoding, those that occur twice too. */
  readonly extensions: readonly RawExtension[];
}

/** @param tbs a TBSCertList that `decodeCrl` could read */
export function readRawCrl(tbs: Uint8Array): RawCrl {
  const fields = readElement(tbs, 'tbsCertList', new Tolerances()).fields();
  fields.optional(tags.integer, 'version');
  const signature = fields.next('signature');
  fields.next('issuer');
  const thisUpdate = fields.next('thisUpdate');
  const nextUpdate =
    fields.optional(tags.utcTime, 'nextUpdate') ?? fields.optional(tags.generalizedTime, 'nextUpdate');
  const revokedCertificates = fields.optional(tags.sequence, 'revokedCertificates');
  const extensions = fields.optional(0xa0, 'crlExtensions')?.only('crlExtensions').expect(tags.sequence);
  return {
    signature,
    thisUpdate,
    nextUpdate,
    revokedCertificates,
    hasExtensions: extensions !== undefined,
    extensions: extensions === undefined ? [] : readRawExtensions(extensions),
  };
}
