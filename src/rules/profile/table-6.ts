import { MalformedInput } from '../../formats/malformed-input.ts';
import type { CertificateKind, CertificateProfile } from './certificate-profile.ts';

type ExtensionName = keyof CertificateProfile['extensions'];
/** m: must be there, o: may, x: must not. C: critical, nc: not critical. */
type Cell = 'm C' | 'm nc' | 'o nc' | 'x';

/**
 * Doc 9303-12 Table 6, the columns of the kinds that Sigillo issues under the CSCA. Access certificates are
 * no part of the eMRTD PKI and follow RFC 5280.
 */
const table6: Partial<Record<CertificateKind, Record<ExtensionName, Cell>>> = {
  csca: {
    authorityKeyIdentifier: 'o nc',
    subjectKeyIdentifier: 'm nc',
    keyUsage: 'm C',
    privateKeyUsagePeriod: 'm nc',
    subjectAltName: 'm nc',
    issuerAltName: 'm nc',
    basicConstraints: 'm C',
    extKeyUsage: 'x',
    cRLDistributionPoints: 'm nc',
    documentTypeList: 'x',
  },
  'document-signer': {
    authorityKeyIdentifier: 'm nc',
    subjectKeyIdentifier: 'o nc',
    keyUsage: 'm C',
    privateKeyUsagePeriod: 'm nc',
    subjectAltName: 'm nc',
    issuerAltName: 'm nc',
    basicConstraints: 'x',
    extKeyUsage: 'x',
    cRLDistributionPoints: 'm nc',
    documentTypeList: 'm nc',
  },
  'master-list-signer': {
    authorityKeyIdentifier: 'm nc',
    subjectKeyIdentifier: 'o nc',
    keyUsage: 'm C',
    privateKeyUsagePeriod: 'o nc',
    subjectAltName: 'm nc',
    issuerAltName: 'm nc',
    basicConstraints: 'x',
    extKeyUsage: 'm C',
    cRLDistributionPoints: 'm nc',
    documentTypeList: 'x',
  },
};

const keyUsages: Partial<Record<CertificateKind, readonly string[]>> = {
  csca: ['keyCertSign', 'cRLSign'],
  'document-signer': ['digitalSignature'],
  'master-list-signer': ['digitalSignature'],
};

/** @throws MalformedInput on the first departure from Table 6, naming file, extension and clause */
export function checkAgainstTable6(profile: CertificateProfile, file: string): void {
  const column = table6[profile.kind];
  if (column === undefined) return;
  const refuse = (key: string, reason: string, source = 'Doc 9303-12 §7.1 Table 6'): never => {
    throw new MalformedInput(`${file} ${key}`, reason, { source });
  };
  for (const [name, cell] of Object.entries(column) as [ExtensionName, Cell][]) {
    const extension = profile.extensions[name];
    if (extension === undefined) {
      if (cell.startsWith('m')) refuse(`extensions.${name}`, `must be present in a ${profile.kind} profile`);
      continue;
    }
    if (cell === 'x') refuse(`extensions.${name}`, `must not be present in a ${profile.kind} profile`);
    if (extension.critical !== cell.endsWith(' C')) {
      refuse(`extensions.${name}.critical`, `must be ${cell.endsWith(' C')}`);
    }
  }
  const usage = keyUsages[profile.kind] ?? [];
  const asked = profile.extensions.keyUsage?.bits ?? [];
  if (usage.length !== asked.length || usage.some((bit) => !asked.some((other) => other === bit))) {
    refuse('extensions.keyUsage.bits', `must be exactly ${usage.join(', ')}`);
  }
  if (profile.keys.ecParameters !== 'explicit') {
    refuse('keys.ecParameters', 'must be explicit', 'Doc 9303-12 §4.1.6.3');
  }
  if (profile.extensions.subjectAltName?.countryCode !== true) {
    refuse('extensions.subjectAltName.countryCode', 'must be true', 'Doc 9303-12 §7.1.1.2');
  }
  if (profile.extensions.privateKeyUsagePeriod && !profile.validity.privateKeyUsage) {
    refuse('validity.privateKeyUsage', 'is needed for the privateKeyUsagePeriod extension');
  }
  if ((profile.kind === 'csca') !== (profile.issuer === 'self')) {
    refuse('issuer', 'must be self for a CSCA and csca for what it issues', 'Doc 9303-12 §2');
  }
}
