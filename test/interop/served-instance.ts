import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { decodeCrl } from '../../src/formats/x509/crl.ts';
import {
  buildTrustStore,
  passiveAuthentication,
  type PassiveAuthenticationReport,
} from '../../src/rules/passive-authentication/index.ts';
import {
  makeTestInstance,
  type RunningService,
  serve,
  type TestInstance,
  type TestInstanceOptions,
} from '../support/instance.ts';
import { Station } from '../support/station.ts';

/** An instance that is being served, a station of it, and what a border knows about it. */
export interface ServedInstance {
  readonly instance: TestInstance;
  readonly service: RunningService;
  readonly station: Station;
  readonly border: BorderOfInstance;
  end(): Promise<void>;
}

export interface ServedInstanceOptions extends TestInstanceOptions {
  /** Key algorithm of the CSCA, where it is not to be the usual one. */
  readonly csca?: string | undefined;
}

export async function serveInstance(options: ServedInstanceOptions): Promise<ServedInstance> {
  const instance = await makeTestInstance(options);
  const { home, portBase } = instance;
  if (options.csca !== undefined) planCsca(home, options.csca);
  const service = await serve(home, portBase).catch((error: unknown) => {
    instance.remove();
    throw error;
  });
  const station = new Station({ home, port: portBase, holder: 'station' });
  const end = async () => {
    station.close();
    await service.stop();
    instance.remove();
  };
  return { instance, service, station, border: new BorderOfInstance(home), end };
}

function planCsca(home: string, keyAlgorithm: string): void {
  const file = join(home, 'sigillo.yaml');
  const plan = parse(readFileSync(file, 'utf8')) as { keys: { csca: { keyAlgorithm: string } } };
  plan.keys.csca.keyAlgorithm = keyAlgorithm;
  writeFileSync(file, stringify(plan));
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
