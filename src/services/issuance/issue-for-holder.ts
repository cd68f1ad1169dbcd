import { Refused } from '../errors.ts';
import { signingCsca } from '../keys/signing-csca.ts';
import type { CertificateRecord } from '../ports.ts';
import { type HolderKey, holderKey } from '../signing-core/holder-key.ts';
import { certifiedKey } from './certified-key.ts';
import type { IssuanceDeps } from './issuance-deps.ts';
import { issueCertificate } from './issue-certificate.ts';

/** A PKCS#10 request with what the officer decides about it. */
export interface HolderRequest {
  /** DER. */
  readonly csr: Uint8Array;
  readonly profile: string;
  /** For {name} of the profile's subject; the request's own commonName where it is not given. */
  readonly name: string | undefined;
  readonly hosts: readonly string[];
}

/** A request that may be certified, with what its certificate will say. */
export interface CheckedHolderRequest extends HolderKey {
  readonly name: string | undefined;
  readonly hosts: readonly string[] | undefined;
}

/**
 * Holds a request against its profile and what is on record, before anything is made.
 *
 * @throws Refused with the rule of docs/requests.md
 */
export async function checkHolderRequest(
  deps: Pick<IssuanceDeps, 'records' | 'policies' | 'state'>,
  { csr, profile: profileName, name, hosts }: HolderRequest,
): Promise<CheckedHolderRequest> {
  const { policies, state } = deps;
  const key = holderKey(csr, { profile: profileName, hosts }, { policies, country: state.country });
  const before = certifiedKey(await deps.records.certificates(), key.publicKey);
  if (before !== undefined) {
    const { record, certificate } = before;
    throw new Refused('duplicate', `the key is certified already: ${certificate.subject.display}`, {
      rule: 'Q-DUP',
      field: 'subjectPKInfo',
      source: 'docs/requests.md',
      mend: `have a new key made; the certificate: sigillo find --sha256 ${record.sha256.slice(0, 16)} --out DIR`,
    });
  }
  return { ...key, name: nameOf(key, name), hosts: hosts.length === 0 ? undefined : hosts };
}

function nameOf({ profile, request }: HolderKey, given: string | undefined): string | undefined {
  const refuse = (detail: string, mend: string): never => {
    throw new Refused('policy', detail, { rule: 'Q-NAME', field: 'name', source: 'docs/requests.md', mend });
  };
  const isAsked = JSON.stringify(profile.subject).includes('{name}');
  if (!isAsked) {
    if (given !== undefined)
      refuse(`the subject of ${profile.profile} has no name to fill in`, 'leave --name out');
    return undefined;
  }
  const name = given ?? request.subject.commonName;
  return name ?? refuse('the request has no commonName', 'give the name of the holder with --name');
}

/**
 * Certifies the key of a holder outside, whose private half is not on the token.
 *
 * @throws Refused with the rule; Unavailable; InvariantBroken when the check of the certificate fails
 */
export async function issueForHolder(deps: IssuanceDeps, request: HolderRequest): Promise<CertificateRecord> {
  const { profile, keyAlgorithm, name, hosts } = await checkHolderRequest(deps, request);
  const issuer = await signingCsca(deps);
  if (issuer === undefined)
    throw new Refused('key-not-active', 'no CSCA key of this instance may sign now', {
      field: 'issuer',
      mend: 'where the CSCA is offline: sigillo ceremony request --csr; otherwise change its key: sigillo rotate csca',
    });
  return issueCertificate(deps, {
    profile: profile.profile,
    subject: name === undefined ? {} : { name },
    subjectKey: { csr: request.csr },
    keyAlgorithm,
    issuer,
    hosts,
  });
}
