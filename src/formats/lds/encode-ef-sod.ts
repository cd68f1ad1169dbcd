import { tlv } from '../der/writer.ts';

/** EF.SOD: the application tag 77 around ContentInfo (Doc 9303-10 §4.6.2). */
export function encodeEfSod(contentInfo: Uint8Array): Uint8Array {
  return tlv(0x77, contentInfo);
}
