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
import { unicodeVersionOf } from '../../rules/sod/sod-rules.ts';
import { InvariantBroken, Refused } from '../errors.ts';
import { assertClean } from '../issuance/assert-clean.ts';
import { decodedCrl } from '../crl/crl-entries.ts';
import { profilesOfCsca } from '../keys/signing-csca.ts';
import type { Clock, CrlRecord, IssuanceRecords, SodIntent } from '../ports.ts';
import type { DocumentSignerEntry } from './document-signers.ts';
import { Exemplar } from './exemplar.ts';

export interface BorderDeps {
  readonly records: Pick<IssuanceRecords, 'certificatesOf' | 'latestCrl'>;
  readonly policies: Policies;
  readonly clock: Clock;
}

/** Document Signers times sets of data groups times lengths of a signature. */
const maxExemplars = 256;

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
  /** By what makes EF.SODs alike; others with other CSCA certificates or another CRL. */
  #exemplars = new Map<string, Exemplar>();
  readonly #examined = { inFull: 0, byExemplar: 0 };

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
    this.#exemplars = new Map();
  }

  /** EF.SODs that were examined, in full or by an exemplar. */
  get examined(): { readonly inFull: number; readonly byExemplar: number } {
    return this.#examined;
  }

  /** @throws InvariantBroken unless a border that is strict about everything trusts the SOD, and it is what was ordered */
  async check(efSod: Uint8Array, intent: SodIntent, signer: DocumentSignerEntry): Promise<void> {
    if (this.#trust === undefined) await this.reload();
    const at = this.#deps.clock.now();
    const exemplars = this.#exemplars;
    const likeness = [intent.keyId, efSod.length, ...intent.dataGroupHashes.keys()].join(' ');
    if (await exemplars.get(likeness)?.isMatchedBy(efSod, intent, at)) {
      this.#examined.byExemplar += 1;
      return;
    }
    const report = await this.#examine(efSod, intent, signer, at);
    this.#examined.inFull += 1;
    const exemplar = Exemplar.of(efSod, report, intent, at, this.#instants(report));
    if (exemplar === undefined) return;
    if (exemplars.size >= maxExemplars) exemplars.clear();
    exemplars.set(likeness, exemplar);
  }

  async #examine(
    efSod: Uint8Array,
    intent: SodIntent,
    signer: DocumentSignerEntry,
    at: Date,
  ): Promise<PassiveAuthenticationReport> {
    const trust = this.#trust;
    if (trust === undefined) throw new InvariantBroken('there is no CSCA certificate to check against');
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
    return report;
  }

  /** When an answer about the Document Signer, its CSCA or the CRL may change with time alone. */
  #instants({ dsc, csca }: PassiveAuthenticationReport): readonly Date[] {
    const { notBefore, notAfter } = dsc?.privateKeyUsagePeriod ?? {};
    // A border gives a usage period a day, because the date of issue has no time of day.
    const usage = [notBefore, notAfter].flatMap((end) =>
      end === undefined ? [] : [-dayMs, 0, dayMs].map((shift) => new Date(end.getTime() + shift)),
    );
    const certificates = [dsc, csca?.certificate].flatMap((of) => [of?.notBefore, of?.notAfter]);
    const crls = this.#crls.flatMap((crl) => [crl.thisUpdate, crl.nextUpdate]);
    return [...usage, ...certificates, ...crls].filter((instant) => instant !== undefined);
  }
}

const dayMs = 86_400_000;

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
  const { ldsSecurityObject: lds, dsc, signedData } = report;
  const signedAt = signedData?.signerInfos[0]?.signedAttributes?.signingTime;
  const sameHashes =
    lds?.dataGroupHashes.size === intent.dataGroupHashes.size &&
    [...intent.dataGroupHashes].every(([number, hash]) => {
      const signed = lds.dataGroupHashes.get(number);
      return signed !== undefined && Buffer.compare(signed, hash) === 0;
    });
  const isOrdered =
    sameHashes &&
    signedAt?.getTime() === intent.signingTime.getTime() &&
    lds.hashAlgorithm.name === intent.digestAlgorithm &&
    lds.version === (intent.lds.version === '1.8' ? 1 : 0) &&
    lds.ldsVersionInfo?.unicodeVersion === unicodeVersionOf(intent.lds) &&
    dsc?.fingerprint === signer.certificate.fingerprint;
  if (!isOrdered) throw new InvariantBroken(`the SOD of ${intent.requestId} is not what was ordered`);
}
