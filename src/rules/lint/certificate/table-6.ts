import type { KnownOidName } from '../../../formats/oids.ts';
import type { Edition } from '../edition.ts';
import type { CertificateKind } from './kind.ts';

/** m: must be there, o: may, x: must not. C: critical, nc: not critical. */
export type Cell = 'm C' | 'm nc' | 'o nc' | 'x';

/** ROOT, LINK, document signer, master and deviation list signer, communication, as the table has its columns. */
type Row = readonly [root: Cell, link: Cell, signer: Cell, listSigner: Cell, communication: Cell];

/** Doc 9303-12 §7.1 Table 6, 7th and 8th edition. */
const table6 = {
  authorityKeyIdentifier: ['o nc', 'm nc', 'm nc', 'm nc', 'm nc'],
  subjectKeyIdentifier: ['m nc', 'm nc', 'o nc', 'o nc', 'o nc'],
  keyUsage: ['m C', 'm C', 'm C', 'm C', 'm C'],
  privateKeyUsagePeriod: ['m nc', 'm nc', 'm nc', 'o nc', 'o nc'],
  certificatePolicies: ['o nc', 'o nc', 'o nc', 'o nc', 'o nc'],
  policyMappings: ['x', 'x', 'x', 'x', 'x'],
  subjectAltName: ['m nc', 'm nc', 'm nc', 'm nc', 'm nc'],
  issuerAltName: ['m nc', 'm nc', 'm nc', 'm nc', 'm nc'],
  subjectDirectoryAttributes: ['x', 'x', 'x', 'x', 'x'],
  basicConstraints: ['m C', 'm C', 'x', 'x', 'x'],
  nameConstraints: ['x', 'x', 'x', 'x', 'x'],
  policyConstraints: ['x', 'x', 'x', 'x', 'x'],
  extKeyUsage: ['x', 'x', 'x', 'm C', 'm C'],
  cRLDistributionPoints: ['m nc', 'm nc', 'm nc', 'm nc', 'o nc'],
  inhibitAnyPolicy: ['x', 'x', 'x', 'x', 'x'],
  freshestCRL: ['x', 'x', 'x', 'x', 'x'],
  authorityInfoAccess: ['o nc', 'o nc', 'o nc', 'o nc', 'o nc'],
  subjectInfoAccess: ['o nc', 'o nc', 'o nc', 'o nc', 'o nc'],
  nameChange: ['o nc', 'o nc', 'x', 'x', 'x'],
  documentTypeList: ['x', 'x', 'm nc', 'x', 'x'],
  netscapeCertType: ['x', 'x', 'x', 'x', 'x'],
} as const satisfies Partial<Record<KnownOidName, Row>>;

export type TableExtension = keyof typeof table6;
export const tableExtensions = Object.keys(table6) as readonly TableExtension[];

/** Where the 6th edition says otherwise (Doc 9303-12 appendix C): root, link and document signer. */
const sixthEdition: Partial<Record<TableExtension, readonly [Cell, Cell, Cell]>> = {
  privateKeyUsagePeriod: ['o nc', 'o nc', 'o nc'],
  subjectAltName: ['x', 'x', 'x'],
  issuerAltName: ['x', 'x', 'x'],
  cRLDistributionPoints: ['o nc', 'o nc', 'o nc'],
  authorityInfoAccess: ['x', 'x', 'x'],
  subjectInfoAccess: ['x', 'x', 'x'],
  // Extensions that the 7th edition made: private ones before it.
  nameChange: ['o nc', 'o nc', 'o nc'],
  documentTypeList: ['o nc', 'o nc', 'o nc'],
};

const columns = {
  csca: 0,
  'csca-link': 1,
  'document-signer': 2,
  // The technical report is not at hand: read as a Document Signer with a purpose of its own.
  'dtc-signer': 2,
  'master-list-signer': 3,
  'deviation-list-signer': 3,
  communication: 4,
  'spoc-client': 4,
  'spoc-server': 4,
} as const satisfies Partial<Record<CertificateKind, number>>;

/** What Doc 9303-12 says of an extension in certificates of a kind: Table 6, and for small ones Tables 7 and 8. */
export function cellOf(extension: TableExtension, kind: CertificateKind, edition: Edition): Cell {
  switch (kind) {
    case 'lds2-signer':
    case 'vds-signer':
    case 'vds-nc-signer':
      return minimalCell(extension, kind);
    case 'spoc-client':
    case 'spoc-server':
      return extension === 'cRLDistributionPoints' ? 'm nc' : table6[extension][columns[kind]];
    case 'dtc-signer':
      if (extension === 'extKeyUsage') return 'm C';
      return extension === 'documentTypeList' ? 'o nc' : table6[extension][columns[kind]];
    case 'csca':
    case 'csca-link':
    case 'document-signer': {
      const sixth = edition === 6 ? sixthEdition[extension]?.[columns[kind]] : undefined;
      return sixth ?? table6[extension][columns[kind]];
    }
    case 'master-list-signer':
    case 'deviation-list-signer':
    case 'communication':
      return table6[extension][columns[kind]];
  }
}

function minimalCell(extension: TableExtension, kind: CertificateKind): Cell {
  if (extension === 'authorityKeyIdentifier') return 'm nc';
  if (extension === 'extKeyUsage') return 'm C';
  return extension === 'documentTypeList' && kind === 'vds-signer' ? 'o nc' : 'x';
}
