import { decodeCertificate } from '../../formats/x509/certificate.ts';
import type { CertificateList } from '../../formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthenticationAsync,
  type PassiveAuthenticationReport,
  type TrustStore,
} from '../../rules/passive-authentication/index.ts';
import { lintSod } from '../../rules/lint/index.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { assertClean } from '../issuance/assert-clean.ts';
import { decodedCrl } from '../crl/crl-entries.ts';
import { profilesOfCsca } from '../keys/signing-csca.ts';
import type { Clock, CrlRecord, IssuanceRecords, SodIntent } from '../ports.ts';
import type { DocumentSignerEntry } from './document-signers.ts';

export interface BorderDeps {
  readonly records: IssuanceRecords;
  readonly policies: Policies;
  readonly clock: Clock;
}

/**
 * The border's view of this instance: its CSCA certificates and its CRL, and Passive Authentication of every
 * SOD against them before it is released.
 */
export class Border {
  readonly #deps: BorderDeps;
  #trust: TrustStore | undefined;
  #crls: readonly CertificateList[] = [];
  /** What they were made from. */
  #from: { roots: number; crl: CrlRecord | undefined } | undefined;

  constructor(deps: BorderDeps) {
    this.#deps = deps;
  }

  /**
   * Reads CSCA certificates and the latest CRL from the records. What was verified under them is forgotten only
   * when there are others.
   */
  async reload(): Promise<void> {
    const { records, policies } = this.#deps;
    const roots = await records.certificatesOf(profilesOfCsca(policies));
    const crl = await records.latestCrl();
    // Certificates are added to the records, and never changed.
    if (this.#from?.roots === roots.length && crl === this.#from.crl) return;
    this.#trust = buildTrustStore(roots.map(({ der }) => decodeCertificate(der, { strict: true })));
    this.#crls = crl === undefined ? [] : [decodedCrl(crl)];
    this.#from = { roots: roots.length, crl };
  }

  /** @throws InvariantBroken unless a border that is strict about everything trusts the SOD, and it is what was ordered */
  async check(efSod: Uint8Array, intent: SodIntent, signer: DocumentSignerEntry): Promise<void> {
    if (this.#trust === undefined) await this.reload();
    const trust = this.#trust;
    if (trust === undefined) throw new InvariantBroken('there is no CSCA certificate to check against');
    const at = this.#deps.clock.now();
    const report = await passiveAuthenticationAsync({
      efSod,
      trust,
      crls: this.#crls,
      at,
      strict: true,
      requireCrl: true,
    });
    if (report.findings.some(({ code }) => code === 'DSC_REVOKED')) {
      throw new Refused('key-not-active', 'the Document Signer was revoked while it signed', {
        rule: 'S-REV',
        source: 'Doc 9303-12 §4.1.5',
        mend: 'send the request again: another Document Signer takes it',
      });
    }
    if (report.verdict !== 'TRUSTED') {
      const codes = report.findings.map(({ code, detail }) => `${code} (${detail})`).join(', ');
      throw new InvariantBroken(`a border would not trust the SOD of ${intent.requestId}: ${codes}`);
    }
    assertRules(efSod, report, at);
    assertOrdered(report, intent, signer);
  }
}

/** The signature was verified a moment ago; the signing time of a SOD that is completed after a crash is older. */
const answeredFor = ['S-SIG', 'S-SIG-DIGESTINFO', 'S-TIME-NOW'];

/** Every rule of Doc 9303-10 about an EF.SOD, as far as it can be judged without the chip. */
function assertRules(efSod: Uint8Array, { signedData }: PassiveAuthenticationReport, at: Date): void {
  if (signedData === undefined) throw new InvariantBroken('the EF.SOD has no SignedData');
  const report = lintSod({ bytes: efSod, signedData }, { edition: 8, at, leftOut: answeredFor });
  assertClean(report, 'the EF.SOD');
}

function assertOrdered(
  report: PassiveAuthenticationReport,
  intent: SodIntent,
  signer: DocumentSignerEntry,
): void {
  const { ldsSecurityObject: lds, dsc } = report;
  const sameHashes =
    lds?.dataGroupHashes.size === intent.dataGroupHashes.size &&
    [...intent.dataGroupHashes].every(([number, hash]) => {
      const signed = lds.dataGroupHashes.get(number);
      return signed !== undefined && Buffer.compare(signed, hash) === 0;
    });
  const unicodeVersion = intent.lds.version === '1.8' ? intent.lds.unicodeVersion : undefined;
  const isOrdered =
    sameHashes &&
    lds.hashAlgorithm.name === intent.digestAlgorithm &&
    lds.version === (intent.lds.version === '1.8' ? 1 : 0) &&
    lds.ldsVersionInfo?.unicodeVersion === unicodeVersion &&
    dsc?.fingerprint === signer.certificate.fingerprint;
  if (!isOrdered) throw new InvariantBroken(`the SOD of ${intent.requestId} is not what was ordered`);
}
