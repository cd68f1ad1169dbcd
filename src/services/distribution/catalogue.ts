import { createHash } from 'node:crypto';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { ProfileKind } from '../../rules/profile/certificate-profile.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { pendingRollover } from '../keys/csca-rollover.ts';
import type { CertificateRecord, IssuanceRecords, Rollover } from '../ports.ts';

/** Folder of every kind of certificate that is published; VDS signers are, because a seal holds none. */
const folders = {
  csca: 'csca',
  'csca-link': 'csca',
  'document-signer': 'dsc',
  'master-list-signer': 'mlsc',
  'deviation-list-signer': 'dlsc',
  'vds-signer': 'vds',
  'vds-nc-signer': 'vds',
} as const;
export type PublishedKind = keyof typeof folders;

/** Something that the public may fetch. */
export interface Artefact {
  readonly kind: PublishedKind | 'crl' | 'master-list';
  /** Path from the root of the distribution, with its leading slash. */
  readonly path: string;
  /** Further paths under which the same octets are found. */
  readonly aliases: readonly string[];
  /** For people. */
  readonly title: string;
  readonly mediaType: string;
  /** SHA-256 of the octets, hexadecimal. */
  readonly sha256: string;
  readonly octets: Uint8Array;
  readonly issuedAt: Date;
  readonly validFrom: Date;
  readonly validUntil: Date | undefined;
  /** When a relying party has to fetch it again. */
  readonly nextUpdate: Date | undefined;
}

export interface CatalogueDeps {
  readonly records: IssuanceRecords;
  readonly policies: Policies;
  readonly state: IssuingState;
}

/** Everything that is published, newest of its kind first. Only what is on record, and so was checked. */
export async function buildCatalogue(deps: CatalogueDeps): Promise<readonly Artefact[]> {
  const certificates = (await deps.records.certificates()).flatMap(
    (record) => certificateArtefact(record, deps.policies) ?? [],
  );
  const { country, mrzCode } = deps.state;
  const crl = await deps.records.latestCrl();
  const list = await deps.records.latestMasterList();
  const published: Artefact[] = certificates.toReversed();
  if (crl !== undefined) {
    published.push({
      kind: 'crl',
      path: `/crl/${mrzCode}.crl`,
      aliases: mrzCode === country ? [] : [`/crl/${country}.crl`],
      title: `CRL number ${crl.crlNumber}`,
      mediaType: 'application/pkix-crl',
      sha256: sha256(crl.der),
      octets: crl.der,
      issuedAt: crl.thisUpdate,
      validFrom: crl.thisUpdate,
      validUntil: crl.nextUpdate,
      nextUpdate: crl.nextUpdate,
    });
  }
  if (list !== undefined) {
    published.push({
      kind: 'master-list',
      path: `/masterlist/${mrzCode}.ml`,
      aliases: mrzCode === country ? [] : [`/masterlist/${country}.ml`],
      title: `Master list version ${list.version}`,
      mediaType: 'application/pkcs7-mime',
      sha256: sha256(list.der),
      octets: list.der,
      issuedAt: list.signedAt,
      validFrom: list.signedAt,
      validUntil: undefined,
      nextUpdate: undefined,
    });
  }
  return published;
}

/** What the distribution shows. */
export interface Published {
  readonly artefacts: readonly Artefact[];
  /** The announced change of the CSCA key that has not happened yet (Doc 9303-12 §4.1.4.3). */
  readonly rollover: Rollover | undefined;
}

/** The catalogue, built again only when something that it shows has changed. */
export class Catalogue {
  readonly #deps: CatalogueDeps;
  #from: readonly unknown[] = [];
  #published: Published = { artefacts: [], rollover: undefined };

  constructor(deps: CatalogueDeps) {
    this.#deps = deps;
  }

  /** @returns the same object as before while nothing has changed */
  async current(): Promise<Published> {
    const { records } = this.#deps;
    const rollover = await pendingRollover(this.#deps);
    const lists = [await records.latestCrl(), await records.latestMasterList()];
    const from = [await records.certificates(), ...lists, rollover?.announcedAt.getTime()];
    const isSame = this.#from.length > 0 && from.every((part, index) => part === this.#from[index]);
    if (!isSame) {
      this.#published = { artefacts: await buildCatalogue(this.#deps), rollover };
      this.#from = from;
    }
    return this.#published;
  }
}

function isPublished(kind: ProfileKind): kind is PublishedKind {
  return kind in folders;
}

/** Certificates on record do not change: each is read once. */
const artefacts = new WeakMap<CertificateRecord, Artefact>();

function certificateArtefact(record: CertificateRecord, policies: Policies): Artefact | undefined {
  const kind = policies.profiles.get(record.profile)?.kind;
  if (kind === undefined || !isPublished(kind)) return undefined;
  const known = artefacts.get(record) ?? readArtefact(record, kind);
  artefacts.set(record, known);
  return known;
}

function readArtefact(record: CertificateRecord, kind: PublishedKind): Artefact {
  const folder = folders[kind];
  const { subject, notBefore, notAfter } = decodeCertificate(record.der, { strict: true });
  return {
    kind,
    path: `/${folder}/${record.sha256}.cer`,
    aliases: [],
    title: subject.commonName ?? subject.display,
    mediaType: 'application/pkix-cert',
    sha256: record.sha256,
    octets: record.der,
    issuedAt: record.issuedAt,
    validFrom: notBefore,
    validUntil: notAfter,
    nextUpdate: undefined,
  };
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
