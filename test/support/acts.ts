import { createHash } from 'node:crypto';
import type { Records } from '../../src/adapters/store/index.ts';
import { logSettings } from '../../src/app/instance/configuration.ts';
import { makeCredential } from '../../src/app/instance/credentials.ts';
import { loadInstance, type Instance } from '../../src/app/instance/load-instance.ts';
import { openInstance } from '../../src/app/instance/open-instance.ts';
import { publishCrl } from '../../src/services/crl/publish-crl.ts';
import { makeCertifiedKey } from '../../src/services/issuance/establish.ts';
import type { IssuanceDeps } from '../../src/services/issuance/issuance-deps.ts';
import { recoverIssuance } from '../../src/services/issuance/recover-issuance.ts';
import { CheckpointPublisher } from '../../src/services/log/publish-checkpoint.ts';
import type { Signer } from '../../src/services/ports.ts';
import { Border } from '../../src/services/sod/check-sod.ts';
import { DocumentSigners, loadDocumentSigners } from '../../src/services/sod/document-signers.ts';
import { SodService } from '../../src/services/sod/sod-service.ts';

export const actNames = ['sod', 'credential', 'key', 'crl', 'checkpoint'] as const;
/** Everything that a key signs in the life of an instance, one at a time. */
export type ActName = (typeof actNames)[number];

/** Real records, and a signer over a real token. */
export interface ActParts {
  readonly records: Records;
  readonly signer: Signer;
  readonly issuance: IssuanceDeps;
  close(): void;
}

/** The services of an instance without HTTP. */
export class Acts {
  readonly #instance: Instance;
  readonly #parts: ActParts;
  readonly #sods: SodService;
  readonly #border: Border;
  readonly #signers = new DocumentSigners([]);
  readonly #log: CheckpointPublisher;

  /** With the token in a signer process, as in the service; completes what was left open, as that does. */
  static async open(home: string): Promise<Acts> {
    const instance = loadInstance(home);
    return Acts.over(instance, openInstance(instance, { processes: 1, onEvent: () => undefined }));
  }

  /** Over parts that it closes. Completes what was left open, as the service does when it starts. */
  static async over(instance: Instance, parts: ActParts): Promise<Acts> {
    const acts = new Acts(instance, parts);
    try {
      await acts.recover();
      return acts;
    } catch (error) {
      acts.close();
      throw error;
    }
  }

  private constructor(instance: Instance, parts: ActParts) {
    this.#instance = instance;
    this.#parts = parts;
    const { configuration, policies } = instance;
    const { records, signer, issuance } = parts;
    this.#border = new Border(issuance);
    this.#sods = new SodService({
      records: records.sods,
      signer,
      clock: records.clock,
      policies,
      documentSigners: this.#signers,
      check: (efSod, intent, documentSigner) => this.#border.check(efSod, intent, documentSigner),
      deadlineMs: configuration.limits.deadlineMs,
      longestDeadlineMs: configuration.limits.deadlineMs,
      maxInFlight: 8,
    });
    this.#log = new CheckpointPublisher({
      ...issuance,
      log: records.log,
      settings: logSettings(configuration),
    });
  }

  async recover(): Promise<void> {
    const { records, issuance } = this.#parts;
    await recoverIssuance(issuance);
    await this.#border.reload();
    this.#signers.replace(await loadDocumentSigners(records.issuance, this.#instance.policies));
    await this.#sods.completeOpenIntents();
  }

  /** @param name that names the thing that is made, so that doing it again makes nothing twice */
  async perform(act: ActName, name: string): Promise<void> {
    const { issuance } = this.#parts;
    switch (act) {
      case 'sod':
        await this.#sods.sign(sodRequestOf(name));
        return;
      case 'credential':
        await makeCredential(issuance, this.#instance.paths.credentials, { name, role: 'station' });
        return;
      case 'key': {
        const [planned] = this.#instance.configuration.keys.documentSigners;
        if (planned === undefined) throw new Error('no Document Signer is planned');
        const number = Number.parseInt(name, 10);
        const certificates = await issuance.records.certificates();
        const made = certificates.filter(({ profile }) => profile === planned.profile).length;
        if (made >= number) return;
        await makeCertifiedKey(issuance, { planned, role: 'document-signer', number }, () => undefined);
        return;
      }
      case 'crl':
        await publishCrl(issuance);
        return;
      case 'checkpoint':
        await this.#log.publish(() => undefined);
        return;
    }
  }

  close(): void {
    this.#parts.close();
  }
}

function sodRequestOf(name: string) {
  const hash = Uint8Array.from(Buffer.alloc(32, name));
  return {
    requestId: name,
    contentDigest: createHash('sha256').update(name).digest('hex'),
    documentType: 'PA',
    digestAlgorithm: 'SHA-256' as const,
    lds: { version: '1.7' as const },
    dataGroupHashes: new Map([
      [1, hash],
      [2, hash],
    ]),
  };
}
