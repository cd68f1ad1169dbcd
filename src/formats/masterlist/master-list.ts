import { decodeSignedData, type SignedData } from '../cms/signed-data.ts';
import { type Element, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { MalformedInput } from '../malformed-input.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { type Certificate, decodeCertificate } from '../x509/certificate.ts';

/** A certificate of a list that is none; the rest of the list can still be read. */
export interface MalformedCertificate {
  readonly bytes: Uint8Array;
  readonly fault: MalformedInput;
}

/** The eContent of a master list (Doc 9303-12 §9.2). */
export interface CscaMasterList {
  readonly version: number;
  /** In the order of the encoding. */
  readonly certificates: readonly Certificate[];
  readonly malformed: readonly MalformedCertificate[];
  readonly notes: readonly Note[];
}

export interface MasterList extends CscaMasterList {
  readonly bytes: Uint8Array;
  readonly signedData: SignedData;
}

/**
 * A master list: ContentInfo with SignedData, whose eContent is a CscaMasterList.
 *
 * @throws MalformedInput when either is malformed; a malformed certificate in the list does not throw
 * @see Doc 9303-12 §9.1 Table 18
 */
export function decodeMasterList(bytes: Uint8Array, options: DecodeOptions = {}): MasterList {
  const signedData = decodeSignedData(bytes, options);
  if (signedData.eContent === undefined) {
    throw new MalformedInput('eContent', 'is absent', { source: 'Doc 9303-12 Table 18' });
  }
  const list = decodeCscaMasterList(signedData.eContent, options);
  return { ...list, bytes, signedData, notes: [...signedData.notes, ...list.notes] };
}

/**
 *     CscaMasterList ::= SEQUENCE { version INTEGER { v0(0) }, certList SET OF Certificate }
 *
 * Foreign certificates are foreign even in a list of our own, so strictness stops at them.
 *
 * @throws MalformedInput
 */
export function decodeCscaMasterList(bytes: Uint8Array, options: DecodeOptions = {}): CscaMasterList {
  const tolerances = new Tolerances(options);
  const element = readElement(bytes, 'CscaMasterList', tolerances);
  const fields = element.fields();
  const version = fields.next('version').smallInteger();
  const certList = fields.next('certList').expect(tags.set);
  fields.end();
  if (version !== 0) element.tolerate('MASTERLIST_VERSION', `has the version ${version}`, 'Doc 9303-12 §9.2');
  return { version, ...decodeCertList(certList), notes: tolerances.notes };
}

function decodeCertList(certList: Element): Pick<CscaMasterList, 'certificates' | 'malformed'> {
  const certificates: Certificate[] = [];
  const malformed: MalformedCertificate[] = [];
  let previous: Uint8Array | undefined;
  for (const element of certList.elements('Certificate')) {
    const { bytes } = element;
    if (previous !== undefined) compareOrder(certList, Buffer.compare(previous, bytes));
    previous = bytes;
    try {
      certificates.push(decodeCertificate(bytes));
    } catch (fault) {
      if (!(fault instanceof MalformedInput)) throw fault;
      malformed.push({ bytes, fault });
    }
  }
  return { certificates, malformed };
}

function compareOrder(certList: Element, order: number): void {
  if (order > 0) certList.tolerate('BER_SET_ORDER', 'is not in the order of DER', 'X.690 §11.6', 'info');
  if (order === 0)
    certList.tolerate('MASTERLIST_TWICE', 'has a certificate twice', 'Doc 9303-12 §9.2', 'info');
}
