import { decodeAlgorithmIdentifier } from '../algorithms/decode-algorithm-identifier.ts';
import { decodeSignedData, type SignedData } from '../cms/signed-data.ts';
import { requireDer, requireSetOrder } from '../der/is-der.ts';
import { type Element, readElement } from '../der/reader.ts';
import { tags } from '../der/tags.ts';
import { MalformedInput } from '../malformed-input.ts';
import { type DecodeOptions, type Note, Tolerances } from '../note.ts';
import { decodeName, type Name } from '../x509/name.ts';

/** Which Document Signer the documents of a deviation are from. */
export type DocumentSignerIdentifier =
  | {
      readonly kind: 'issuerAndSerialNumber';
      readonly issuer: Name;
      /** Content octets of the INTEGER. */
      readonly serialNumberOctets: Uint8Array;
    }
  | { readonly kind: 'subjectKeyIdentifier'; readonly keyIdentifier: Uint8Array }
  | {
      readonly kind: 'certificateDigest';
      /** By the list's digestAlgorithm. */
      readonly digest: Uint8Array;
    };

/** The documents that a deviation is about; criteria are joined by AND. */
export interface DeviationDocuments {
  /** As in the MRZ; one or two characters. */
  readonly documentType: string | undefined;
  readonly dscIdentifier: DocumentSignerIdentifier | undefined;
  readonly issuingDate: { readonly firstIssued: Date; readonly lastIssued: Date } | undefined;
  readonly documentNumbers: readonly string[] | undefined;
}

export interface DeviationDescription {
  readonly description: string | undefined;
  /** Dotted decimal. */
  readonly deviationType: string;
  /** What `parameters` holds. */
  readonly parameters: Element | undefined;
  readonly hasNationalUse: boolean;
}

export interface Deviation {
  readonly documents: DeviationDocuments;
  readonly descriptions: readonly DeviationDescription[];
}

/** The eContent of a deviation list (Doc 9303-12 §10.2). */
export interface DeviationListContent {
  readonly version: number;
  /** OID of the digest of certificateDigest. */
  readonly digestAlgorithm: string | undefined;
  readonly deviations: readonly Deviation[];
  readonly notes: readonly Note[];
}

/** What a State publishes to be wrong with its own documents. */
export interface DeviationList extends DeviationListContent {
  readonly bytes: Uint8Array;
  readonly signedData: SignedData;
}

const source = 'Doc 9303-12 §10.2';

/**
 * A deviation list: ContentInfo with SignedData, whose eContent is a DeviationList.
 *
 * @throws MalformedInput
 * @see Doc 9303-12 §10.1
 */
export function decodeDeviationList(bytes: Uint8Array, options: DecodeOptions = {}): DeviationList {
  const signedData = decodeSignedData(bytes, options);
  if (signedData.eContent === undefined) {
    throw new MalformedInput('eContent', 'is absent', { source: 'Doc 9303-12 §10.1' });
  }
  const content = decodeDeviationListContent(signedData.eContent, options);
  return { ...content, bytes, signedData, notes: [...signedData.notes, ...content.notes] };
}

/**
 *     DeviationList ::= SEQUENCE {
 *       version          INTEGER { v0(0) },
 *       digestAlgorithm  AlgorithmIdentifier OPTIONAL,
 *       deviations       SET OF Deviation }
 *
 * @throws MalformedInput
 */
function decodeDeviationListContent(bytes: Uint8Array, options: DecodeOptions = {}): DeviationListContent {
  const tolerances = new Tolerances(options);
  if (tolerances.strict) requireDer(bytes, 'DeviationList');
  const element = readElement(bytes, 'DeviationList', tolerances);
  const fields = element.fields();
  const version = fields.next('version').smallInteger();
  const digestAlgorithm = fields.optional(tags.sequence, 'digestAlgorithm');
  const deviations = fields.next('deviations').expect(tags.set).children('Deviation').map(decodeDeviation);
  fields.end();
  if (version !== 0) element.tolerate('DEVIATIONLIST_VERSION', `has the version ${version}`, source);
  return {
    version,
    digestAlgorithm: digestAlgorithm && decodeAlgorithmIdentifier(digestAlgorithm).oid,
    deviations,
    notes: tolerances.notes,
  };
}

/** `Deviation ::= SEQUENCE { documents DeviationDocuments, descriptions SET OF DeviationDescription }` */
function decodeDeviation(element: Element): Deviation {
  const fields = element.fields();
  const documents = decodeDocuments(fields.next('documents'));
  const descriptions = fields
    .next('descriptions')
    .expect(tags.set)
    .children('DeviationDescription')
    .map(decodeDescription);
  fields.end();
  return { documents, descriptions };
}

/**
 *     DeviationDocuments ::= SEQUENCE {
 *       documentType     [0] PrintableString (SIZE(2)) OPTIONAL,
 *       dscIdentifier    DocumentSignerIdentifier OPTIONAL,
 *       issuingDate      [4] IssuancePeriod OPTIONAL,
 *       documentNumbers  [5] SET OF PrintableString OPTIONAL }
 *     IssuancePeriod ::= SEQUENCE { firstIssued GeneralizedTime, lastIssued GeneralizedTime }
 *
 * documentType is written with one character too, as the comment in the standard's own module has it.
 */
function decodeDocuments(element: Element): DeviationDocuments {
  const fields = element.fields();
  const documentType = fields.optional(0x80, 'documentType');
  const dsc =
    fields.optional(0xa1, 'issuerAndSerialNumber') ??
    fields.optional(0x82, 'subjectKeyIdentifier') ??
    fields.optional(0x83, 'certificateDigest');
  const issuingDate = fields.optional(0xa4, 'issuingDate');
  const numbers = fields.optional(0xa5, 'documentNumbers');
  fields.end();
  if (numbers !== undefined) requireSetOrder(numbers);
  return {
    documentType: documentType && Buffer.from(documentType.content).toString('latin1'),
    dscIdentifier: dsc && decodeSignerIdentifier(dsc),
    issuingDate: issuingDate && decodeIssuancePeriod(issuingDate),
    documentNumbers: numbers?.children('documentNumber').map((number) => number.string()),
  };
}

/**
 *     DocumentSignerIdentifier ::= CHOICE {
 *       issuerAndSerialNumber  [1] IssuerAndSerialNumber,
 *       subjectKeyIdentifier   [2] OCTET STRING,
 *       certificateDigest      [3] OCTET STRING }
 */
function decodeSignerIdentifier(element: Element): DocumentSignerIdentifier {
  switch (element.tag) {
    case 0x82:
      return { kind: 'subjectKeyIdentifier', keyIdentifier: element.octetString(0x82) };
    case 0x83:
      return { kind: 'certificateDigest', digest: element.octetString(0x83) };
    default: {
      const fields = element.fields(0xa1);
      const issuer = decodeName(fields.next('issuer'));
      const serialNumberOctets = fields.next('serialNumber').integerOctets();
      fields.end();
      return { kind: 'issuerAndSerialNumber', issuer, serialNumberOctets };
    }
  }
}

function decodeIssuancePeriod(element: Element): { firstIssued: Date; lastIssued: Date } {
  const fields = element.fields(0xa4);
  const firstIssued = fields.next('firstIssued').generalizedTime();
  const lastIssued = fields.next('lastIssued').generalizedTime();
  fields.end();
  return { firstIssued, lastIssued };
}

/**
 *     DeviationDescription ::= SEQUENCE {
 *       description    PrintableString OPTIONAL,
 *       deviationType  OBJECT IDENTIFIER,
 *       parameters     [0] ANY DEFINED BY deviationType OPTIONAL,
 *       nationalUse    [1] ANY OPTIONAL }
 *
 * The tags are explicit, because an open type cannot be tagged implicitly.
 */
function decodeDescription(element: Element): DeviationDescription {
  const fields = element.fields();
  const description =
    fields.peek()?.tag === tags.objectIdentifier ? undefined : fields.next('description').string();
  const deviationType = fields.next('deviationType').objectIdentifier();
  const parameters = fields.optional(0xa0, 'parameters')?.only('parameters');
  const nationalUse = fields.optional(0xa1, 'nationalUse');
  fields.end();
  return { description, deviationType, parameters, hasNationalUse: nationalUse !== undefined };
}
