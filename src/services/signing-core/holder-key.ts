import type { PublicKeyValue } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import {
  type CertificationRequest,
  decodeCertificationRequest,
} from '../../formats/x509/certification-request.ts';
import { publicKeyValueOf } from '../../rules/exchange/exchange-key.ts';
import type { CertificateProfile } from '../../rules/profile/certificate-profile.ts';
import { keyAlgorithmFor, requestViolation } from '../../rules/profile/certification-request.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { roles } from './roles.ts';

/** A key that lives with its holder, who has proved possession of it, and may be certified. */
export interface HolderKey {
  readonly request: CertificationRequest;
  readonly profile: CertificateProfile;
  readonly publicKey: PublicKeyValue;
  readonly keyAlgorithm: string;
}

/**
 * Holds a PKCS#10 request against the profile that it is to be certified by (docs/requests.md).
 *
 * @param csr DER
 * @param country countryName of the issuer
 * @throws Refused `policy` with the rule
 */
export function holderKey(
  csr: Uint8Array,
  { profile: name, hosts }: { readonly profile: string; readonly hosts?: readonly string[] | undefined },
  { policies, country }: { readonly policies: Policies; readonly country: string },
): HolderKey {
  const profile = profileOfHolder(policies, name);
  const request = readRequest(csr);
  const violation = requestViolation(request, { profile, country, hosts: hosts ?? [] });
  if (violation !== undefined) throw new Refused('policy', violation.detail, violation);
  const keyAlgorithm = keyAlgorithmFor(request.subjectPublicKey, profile);
  if (keyAlgorithm === undefined)
    throw new InvariantBroken('a key fits its profile and has no algorithm of it');
  const publicKey = publicKeyValueOf(request.subjectPublicKey.bytes, 'subjectPKInfo');
  return { request, profile, publicKey, keyAlgorithm };
}

function profileOfHolder({ profiles }: Policies, name: string): CertificateProfile {
  const isOfHolder = ({ issuer, kind }: CertificateProfile) =>
    issuer === 'csca' && roles[kind].subject === undefined;
  const profile = profiles.get(name);
  if (profile !== undefined && isOfHolder(profile)) return profile;
  const others = [...profiles.values()].filter(isOfHolder).map((other) => other.profile);
  throw new Refused('policy', `${name} is no profile for keys that live with their holders`, {
    rule: 'Q-PROFILE',
    field: 'profile',
    source: 'docs/requests.md',
    mend: `use one of ${others.join(', ')}; keys of signers are made on the token`,
  });
}

function readRequest(csr: Uint8Array): CertificationRequest {
  try {
    return decodeCertificationRequest(csr);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    throw new Refused('policy', `the request is no PKCS#10 in DER: ${error.message}`, {
      rule: 'Q-FORM',
      field: error.field,
      source: error.source ?? 'RFC 2986 §4',
      mend: 'have it made anew, e.g. with openssl req -new',
    });
  }
}
