import { decodeContentInfo, type SignedData, type SignedDataOptions } from '../cms/signed-data.ts';
import { requireDer } from '../der/is-der.ts';
import { readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { MalformedInput } from '../malformed-input.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { decodeLdsSecurityObject, type LdsSecurityObject } from './lds-security-object.ts';

/** The Document Security Object of a chip (Doc 9303-10 §4.6.2). */
export interface EfSod {
  readonly bytes: Uint8Array;
  readonly signedData: SignedData;
  readonly ldsSecurityObject: LdsSecurityObject;
  /** Of the file, its SignedData and its LDSSecurityObject; embedded certificates have their own. */
  readonly notes: readonly Note[];
}

/**
 * EF.SOD: the application tag 77 around ContentInfo. A ContentInfo without the tag, as some archives keep it, is
 * read with a note.
 *
 * @throws MalformedInput
 */
export function decodeEfSod(bytes: Uint8Array, options: DecodeOptions = {}): EfSod {
  const signedData = decodeEfSodSignedData(bytes, options);
  if (signedData.eContent === undefined) {
    throw new MalformedInput('eContent', 'is absent', { source: 'Doc 9303-10 §4.6.2.2' });
  }
  const ldsSecurityObject = decodeLdsSecurityObject(signedData.eContent, options);
  return {
    bytes,
    signedData,
    ldsSecurityObject,
    notes: [...signedData.notes, ...ldsSecurityObject.notes],
  };
}

/** The SignedData in EF.SOD, whatever its content is. @throws MalformedInput */
export function decodeEfSodSignedData(bytes: Uint8Array, options: SignedDataOptions = {}): SignedData {
  const { certificateDecoder } = options;
  const tolerances = new Tolerances(options);
  if (tolerances.strict) requireDer(bytes, 'EF.SOD');
  const element = readElement(bytes, 'EF.SOD', tolerances);
  if (element.tag !== tags.sequence) {
    return decodeContentInfo(element.expect(0x77).only('ContentInfo'), certificateDecoder);
  }
  element.tolerate('SOD_TLV', 'does not have the tag 77', 'Doc 9303-10 §4.6.2');
  return decodeContentInfo(element, certificateDecoder);
}
