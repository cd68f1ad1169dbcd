import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  type PassiveAuthenticationReport,
} from '../../src/rules/passive-authentication/index.ts';
import { changeConfiguration } from '../support/configuration.ts';
import type { TestInstanceOptions } from '../support/instance.ts';
import {
  endInstance,
  type ServedInstance as AnyServedInstance,
  serveInstance as serveAny,
} from '../support/served-instance.ts';

/** What a border knows about the instance too. */
export interface ServedInstance extends AnyServedInstance {
  readonly border: BorderOfInstance;
  end(): Promise<void>;
}

export interface ServedInstanceOptions extends TestInstanceOptions {
  /** Key algorithm of the CSCA, where it is not to be the usual one. */
  readonly csca?: string | undefined;
}

export async function serveInstance(options: ServedInstanceOptions): Promise<ServedInstance> {
  const { csca: keyAlgorithm } = options;
  const served = await serveAny(options, ({ home }) => {
    if (keyAlgorithm === undefined) return;
    changeConfiguration(home, ({ keys }) => Object.assign(keys['csca'] as object, { keyAlgorithm }));
  });
  const border = new BorderOfInstance(served.instance.home);
  return { ...served, border, end: () => endInstance(served) };
}

/** A border that trusts one CSCA, has its CRL, and is strict about everything. */
export class BorderOfInstance {
  /** Path of the CSCA certificate. */
  readonly csca: string;
  readonly #trust;
  readonly #crls;

  constructor(home: string) {
    const folder = join(home, 'trust');
    const named = (suffix: string) => readdirSync(folder).find((name) => name.endsWith(suffix)) ?? '';
    this.csca = join(folder, named('.cer'));
    const read = (path: string) => Uint8Array.from(readFileSync(path));
    this.#trust = buildTrustStore([decodeCertificate(read(this.csca), { strict: true })]);
    this.#crls = [decodeCrl(read(join(folder, named('.crl'))), { strict: true })];
  }

  examine(efSod: Uint8Array): PassiveAuthenticationReport {
    const at = new Date();
    const [trust, crls] = [this.#trust, this.#crls];
    return passiveAuthentication({ efSod, trust, crls, at, strict: true, requireCrl: true });
  }
}

/** The ContentInfo in EF.SOD: what is inside of the tag 77, which CMS readers do not know. */
export function contentInfoOf(efSod: Uint8Array): Uint8Array {
  const lengthOctets = efSod[1] ?? 0;
  return efSod.subarray(lengthOctets < 0x80 ? 2 : 2 + (lengthOctets & 0x7f));
}
