import { oids } from '../../../formats/oids.ts';
import type { CertificateKind } from './kind.ts';

export const anyExtendedKeyUsage = '2.5.29.37.0';

/** extKeyUsage values of each kind (Doc 9303-12 §7.1.1.3, §7.1.2, §7.1.3, §7.2.1); none for TLS, which has its own. */
const purposes: Partial<Record<CertificateKind, readonly string[]>> = {
  'master-list-signer': [oids.cscaMasterListSigningKey],
  'deviation-list-signer': [oids.deviationListSigningKey],
  'spoc-client': [oids.spocClient],
  'spoc-server': [oids.spocServer],
  'lds2-signer': [oids.lds2TravelStampSigner, oids.lds2VisaSigner, oids.lds2BiometricsSigner],
  'vds-signer': [oids.vdsSigner],
  'vds-nc-signer': [oids.vdsNcSigner],
  'dtc-signer': [oids.dtcSigner],
};

export function purposesOf(kind: CertificateKind): readonly string[] | undefined {
  return purposes[kind];
}
