import type { DatabaseSync } from 'node:sqlite';
import { decodeEfSod } from '../../formats/lds/ef-sod.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { type CertificateList, decodeCrl } from '../../formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  type TrustStore,
} from '../../rules/passive-authentication/index.ts';
import type { AnsweredSod, Breach } from './answers.ts';
import { octetsIn, type StoredSod } from './stored-sods.ts';

/** A border that trusts the CSCA on record and nothing else, with the CRL of the time at which each SOD was signed. */
export class Border {
  readonly #trust: TrustStore;
  readonly #database: DatabaseSync;
  readonly #crls: Map<number, CertificateList>;

  /** @param before the border of an earlier reading, which has decoded CRLs already */
  constructor(database: DatabaseSync, before: Border | undefined) {
    const cscas = database.prepare("SELECT der FROM certificates WHERE profile = 'csca'").all();
    this.#trust = buildTrustStore(cscas.map(({ der }) => decodeCertificate(octetsIn(der), { strict: true })));
    this.#database = database;
    this.#crls = before?.decodedCrls ?? new Map<number, CertificateList>();
  }

  get decodedCrls(): Map<number, CertificateList> {
    return this.#crls;
  }

  examine(sod: StoredSod, answered: AnsweredSod | undefined, at: Date): readonly Breach[] {
    const { efSod, requestId } = sod;
    const crls = this.#crlsWhenSigned(signingTimeIn(efSod));
    const report = passiveAuthentication({
      efSod,
      trust: this.#trust,
      crls,
      at,
      strict: true,
      requireCrl: true,
    });
    if (report.verdict !== 'TRUSTED') {
      const codes = report.findings.map(({ code }) => code).join(', ');
      return [{ invariant: 'I5', detail: `a border says ${report.verdict} to ${requestId}: ${codes}` }];
    }
    if (answered === undefined) return [];
    const signed = [...(report.ldsSecurityObject?.dataGroupHashes ?? [])].map(
      ([number, hash]) => `${number}=${Buffer.from(hash).toString('base64')}`,
    );
    const ordered = Object.entries(answered.order.dataGroupHashes).map(
      ([number, hash]) => `${number}=${hash}`,
    );
    if (signed.toSorted().join() === ordered.toSorted().join()) return [];
    return [{ invariant: 'I5', detail: `the SOD of ${requestId} has other hashes than were ordered` }];
  }

  /** A Document Signer that is revoked later has signed what it signed. */
  #crlsWhenSigned(signingTime: Date | undefined): readonly CertificateList[] {
    const rows = this.#database
      .prepare('SELECT crl_number, this_update, der FROM crls ORDER BY crl_number')
      .all();
    const before = rows.findLast((row) => String(row['this_update']) < (signingTime?.toISOString() ?? ''));
    const row = before ?? rows[0];
    if (row === undefined) return [];
    const number = Number(row['crl_number']);
    const known = this.#crls.get(number) ?? decodeCrl(octetsIn(row['der']), { strict: true });
    this.#crls.set(number, known);
    return [known];
  }
}

/** When its Document Signer began; undefined in what is no EF.SOD, which the border will say itself. */
function signingTimeIn(efSod: Uint8Array): Date | undefined {
  try {
    return decodeEfSod(efSod, { strict: true }).signedData.signerInfos[0]?.signedAttributes?.signingTime;
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}
