import type { ProfileKind } from '../../rules/profile/certificate-profile.ts';
import type { KeyRole } from '../ports.ts';

interface Roles {
  /** The one role whose key may sign certificates of a kind. */
  readonly issuer: KeyRole;
  /** The role of the subject's own key; undefined where it does not live on the token. */
  readonly subject: KeyRole | undefined;
}

/** Which keys take part in a certificate of each kind. */
export const roles: Record<ProfileKind, Roles> = {
  csca: { issuer: 'csca', subject: 'csca' },
  'csca-link': { issuer: 'csca', subject: 'csca' },
  'document-signer': { issuer: 'csca', subject: 'document-signer' },
  'master-list-signer': { issuer: 'csca', subject: 'master-list-signer' },
  'deviation-list-signer': { issuer: 'csca', subject: 'deviation-list-signer' },
  communication: { issuer: 'csca', subject: undefined },
  'spoc-client': { issuer: 'csca', subject: undefined },
  'spoc-server': { issuer: 'csca', subject: undefined },
  'lds2-signer': { issuer: 'csca', subject: 'lds2-signer' },
  'vds-signer': { issuer: 'csca', subject: 'vds-signer' },
  'vds-nc-signer': { issuer: 'csca', subject: 'vds-nc-signer' },
  'dtc-signer': { issuer: 'csca', subject: 'dtc-signer' },
  'access-ca': { issuer: 'access-ca', subject: 'access-ca' },
  access: { issuer: 'access-ca', subject: undefined },
};
