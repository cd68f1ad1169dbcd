import {
  decodeAlgorithmIdentifier,
  decodeSignatureAlgorithm,
  type FoundSignatureAlgorithm,
} from '../algorithms/decode-algorithm-identifier.ts';
import { type Element, readElement } from '../der/reader.ts';

/** What a certificate and a CRL have around what is signed. */
export interface Envelope {
  readonly bytes: Uint8Array;
  readonly tbsBytes: Uint8Array;
  readonly signatureAlgorithm: FoundSignatureAlgorithm;
  readonly signatureAlgorithmBytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** What is signed: its `signature` is the AlgorithmIdentifier once more. */
interface ToBeSigned {
  readonly signatureBytes: Uint8Array;
}

/**
 *     SEQUENCE {
 *       tbs                 (TBSCertificate or TBSCertList),
 *       signatureAlgorithm  AlgorithmIdentifier,
 *       signatureValue      BIT STRING }
 *
 * @param clause of RFC 5280 on the signature value
 * @throws MalformedInput
 * @see RFC 5280 §4.1, §5.1
 */
export function decodeSigned<Tbs extends ToBeSigned>(
  element: Element,
  tbsName: string,
  clause: string,
  decodeTbs: (element: Element) => Tbs,
): { envelope: Envelope; tbs: Tbs } {
  const fields = element.fields();
  const tbsElement = fields.next(tbsName);
  const algorithmElement = fields.next('signatureAlgorithm');
  const { unusedBits, octets: signature } = fields.next('signatureValue').bitString();
  fields.end();
  if (unusedBits !== 0) throw element.fault('has a signature that is not whole octets', clause);
  const tbs = decodeTbs(tbsElement);
  const envelope: Envelope = {
    bytes: element.bytes,
    tbsBytes: tbsElement.bytes,
    signatureAlgorithm: decodeSignatureAlgorithm(algorithmElement),
    signatureAlgorithmBytes: algorithmElement.bytes,
    signature,
  };
  compareAlgorithms(algorithmElement, tbs.signatureBytes);
  return { envelope, tbs };
}

/**
 * A TBSCertificate or TBSCertList alone, as an envelope without signature: `bytes` are its own octets, and the
 * algorithm is the one that it names.
 *
 * @throws MalformedInput
 */
export function decodeUnsigned<Tbs extends ToBeSigned>(
  element: Element,
  decodeTbs: (element: Element) => Tbs,
): { envelope: Envelope; tbs: Tbs } {
  const tbs = decodeTbs(element);
  const algorithm = readElement(tbs.signatureBytes, 'signature', element.tolerances);
  const envelope: Envelope = {
    bytes: element.bytes,
    tbsBytes: element.bytes,
    signatureAlgorithm: decodeSignatureAlgorithm(algorithm),
    signatureAlgorithmBytes: tbs.signatureBytes,
    signature: new Uint8Array(),
  };
  return { envelope, tbs };
}

/** Notes where the two AlgorithmIdentifiers are not the same octets. */
function compareAlgorithms(outer: Element, inner: Uint8Array): void {
  if (Buffer.compare(outer.bytes, inner) === 0) return;
  const { oid } = decodeAlgorithmIdentifier(readElement(inner, 'signature', outer.tolerances));
  const isSameOid = oid === decodeAlgorithmIdentifier(outer).oid;
  outer.tolerances.tolerate('signatureAlgorithm', {
    code: 'ALG_INNER_OUTER',
    severity: isSameOid ? 'warning' : 'error',
    detail: `is not the same ${isSameOid ? 'in its parameters' : 'algorithm'} inside and outside`,
    source: 'RFC 5280 §4.1.1.2',
    offset: outer.offset,
  });
}
