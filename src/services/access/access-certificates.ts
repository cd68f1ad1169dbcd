import { createHash } from 'node:crypto';
import { oids } from '../../formats/oids.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { Refused } from '../errors.ts';
import type { CertificateRecord, Clock, IssuanceRecords } from '../ports.ts';

/** What the holder of an access certificate may do; stands in its subject as organizationalUnitName. */
export const accessRoles = ['station', 'officer', 'inspection', 'auditor'] as const;
export type AccessRole = (typeof accessRoles)[number];

export interface AccessHolder {
  readonly name: string;
  readonly role: AccessRole;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface AccessDeps {
  readonly records: IssuanceRecords;
  readonly policies: Policies;
  readonly clock: Clock;
}

/** Who holds which access certificate: only certificates on record count, whatever TLS thinks of them. */
export class AccessCertificates {
  readonly #deps: AccessDeps;
  #holders: ReadonlyMap<string, AccessHolder> = new Map();

  constructor(deps: AccessDeps) {
    this.#deps = deps;
  }

  /**
   * The holder of a certificate that TLS has verified under the access CA.
   *
   * @param certificate DER
   * @throws Refused `not-authorised` when it is not on record, revoked or outside its validity
   */
  async holder(certificate: Uint8Array): Promise<AccessHolder> {
    const sha256 = createHash('sha256').update(certificate).digest('hex');
    if (!this.#holders.has(sha256)) await this.reload();
    const holder = this.#holders.get(sha256);
    if (holder === undefined) {
      throw new Refused('not-authorised', 'this client certificate was not issued by this instance', {
        rule: 'access-certificate',
        mend: 'have the operator issue a certificate: sigillo credential NAME --role station',
      });
    }
    assertInValidity(holder, this.#deps.clock.now());
    return holder;
  }

  /** Reads the certificates on record again; done when an unknown one comes, so that new stations just work. */
  async reload(): Promise<void> {
    const { records, policies } = this.#deps;
    const holders = new Map<string, AccessHolder>();
    for (const record of await records.certificates()) {
      if (policies.profiles.get(record.profile)?.kind !== 'access') continue;
      if ((await records.findRevocation(record.serialNumber)) !== undefined) continue;
      const holder = holderOf(record);
      if (holder !== undefined) holders.set(record.sha256, holder);
    }
    this.#holders = holders;
  }
}

/** Hundreds of stations, whose certificates do not change: each is read once. */
const holders = new WeakMap<CertificateRecord, AccessHolder>();

function holderOf(record: CertificateRecord): AccessHolder | undefined {
  const known = holders.get(record);
  if (known !== undefined) return known;
  const holder = readHolder(record.der);
  if (holder !== undefined) holders.set(record, holder);
  return holder;
}

function readHolder(der: Uint8Array): AccessHolder | undefined {
  const { subject, notBefore, notAfter } = decodeCertificate(der, { strict: true });
  const unit = subject.rdns.flat().find(({ type }) => type === oids.organizationalUnitName)?.value;
  const role = accessRoles.find((candidate) => candidate === unit);
  if (role === undefined) return undefined;
  return { name: subject.commonName ?? '', role, notBefore, notAfter };
}

function assertInValidity(holder: AccessHolder, at: Date): void {
  if (at >= holder.notBefore && at <= holder.notAfter) return;
  const state = at > holder.notAfter ? 'has expired' : 'is not valid yet';
  throw new Refused('not-authorised', `the client certificate of ${holder.name} ${state}`, {
    rule: 'access-certificate',
    source: 'RFC 5280 §4.1.2.5',
    mend: 'have the operator issue a new one: sigillo credential NAME --role station',
  });
}
