import { type Element, readPrefix } from './der/reader.ts';
import { tags } from './der/tags.ts';
import { dataGroupOfTag } from './lds/ef-com.ts';
import { MalformedInput } from './malformed-input.ts';
import { Tolerances } from './note.ts';
import { oids } from './oids.ts';

/** What a file is, as its first octets say. */
export type FileKind =
  | 'ef-sod'
  | 'ef-com'
  | 'data-group'
  | 'master-list'
  | 'deviation-list'
  | 'card-security'
  | 'signed-data'
  | 'certificate'
  | 'crl'
  | 'cv-certificate'
  | 'unknown';

const contentKinds = new Map<string, FileKind>([
  [oids.ldsSecurityObject, 'ef-sod'],
  [oids.cscaMasterList, 'master-list'],
  [oids.deviationList, 'deviation-list'],
  [oids.securityObject, 'card-security'],
]);

/**
 * Recognises a file by its content, never by its name. It looks only as far as it must, so that a damaged file
 * is still recognised and its defect reported by the decoder of its kind.
 */
export function recognise(bytes: Uint8Array): FileKind {
  try {
    const options = { iso7816Tags: true };
    return recogniseElement(readPrefix(bytes, 'file', new Tolerances(), options));
  } catch (error) {
    if (error instanceof MalformedInput) return recogniseTag(bytes);
    throw error;
  }
}

function recogniseTag(bytes: Uint8Array): FileKind {
  if (bytes[0] === 0x77) return 'ef-sod';
  return bytes[0] === 0x7f && bytes[1] === 0x21 ? 'cv-certificate' : 'unknown';
}

function recogniseElement(element: Element): FileKind {
  switch (element.tag) {
    case 0x77:
      return 'ef-sod';
    case 0x60:
      return 'ef-com';
    case 0x7f21:
      return 'cv-certificate';
    case tags.sequence:
      return recogniseSequence(element);
    default:
      return dataGroupOfTag(element.tag) === undefined ? 'unknown' : 'data-group';
  }
}

function recogniseSequence(element: Element): FileKind {
  const [first, second] = element.elements('component');
  if (first?.tag === tags.integer && second?.tag === tags.set) return 'master-list';
  if (first?.tag === tags.objectIdentifier) return recogniseContentInfo(element);
  return first?.tag === tags.sequence ? recogniseSigned(first) : 'unknown';
}

/** What a signed object would be with this inside; 'unknown' for what cannot be read. */
export function recogniseToBeSigned(tbs: Uint8Array): 'certificate' | 'crl' | 'unknown' {
  try {
    const element = readPrefix(tbs, 'to be signed', new Tolerances());
    return element.tag === tags.sequence ? recogniseSigned(element) : 'unknown';
  } catch (error) {
    if (error instanceof MalformedInput) return 'unknown';
    throw error;
  }
}

/** ContentInfo: the eContentType is the first component of the third of SignedData. */
function recogniseContentInfo(element: Element): FileKind {
  const [contentType, content] = element.elements('component');
  if (contentType?.objectIdentifier() !== oids.signedData || content === undefined) return 'unknown';
  const [, , encapContentInfo] = content.only('SignedData').elements('component');
  const [eContentType] = encapContentInfo?.elements('component') ?? [];
  return contentKinds.get(eContentType?.objectIdentifier() ?? '') ?? 'signed-data';
}

/** A TBSCertList has thisUpdate as a component of its own, a TBSCertificate has its times in validity. */
function recogniseSigned(tbs: Element): 'certificate' | 'crl' {
  for (const component of tbs.elements('component')) {
    if (component.tag === tags.utcTime || component.tag === tags.generalizedTime) return 'crl';
  }
  return 'certificate';
}
