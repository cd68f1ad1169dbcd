import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../adapters/clock/index.ts';
import { openRecords } from '../../adapters/store/index.ts';
import { type SignatureAlgorithm, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { toKeyObject } from '../../formats/algorithms/subject-public-key.ts';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { InvariantBroken } from '../../services/errors.ts';
import { layOutDevelopment } from '../instance/development.ts';
import { freePortBase } from '../instance/free-ports.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';

/** A Document Signer of the instance, made for one algorithm. */
export interface BenchedSigner {
  /** Key algorithm, e.g. `ecdsa-P-256-sha256`. */
  readonly algorithm: string;
  /** The only document type that it signs. */
  readonly documentType: string;
  readonly profile: string;
}

/** A private development instance on free ports, with one Document Signer for each algorithm. */
export interface BenchInstance extends Instance {
  readonly signers: readonly BenchedSigner[];
}

/** What the bare loop and the peer need of a Document Signer's key. */
export interface BenchedKey {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo with a named curve, DER. */
  readonly publicKey: Uint8Array;
  /** The Document Signer certificate, DER. */
  readonly certificate: Uint8Array;
}

/** Makes the folder; keys and certificates are made when it is first served. */
export async function makeBenchInstance(
  policies: string,
  algorithms: readonly string[],
): Promise<BenchInstance> {
  const home = mkdtempSync(join(tmpdir(), 'sigillo-bench-'));
  try {
    const signers = algorithms.map((algorithm, index) => ({
      algorithm,
      documentType: `P${String.fromCharCode(65 + index)}`,
      profile: `dsc-bench-${index}`,
    }));
    const source = join(home, 'policy-source');
    writePolicies(policies, source, signers);
    layOutDevelopment({
      home,
      portBase: await freePortBase(),
      policies: source,
      main: mainModule,
      documentSigners: signers.map(({ profile }) => profile),
      keyAlgorithms: Object.fromEntries(signers.map(({ profile, algorithm }) => [profile, algorithm])),
      processes: availableParallelism(),
    });
    return { ...loadInstance(home), signers };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** The shipped policies, and the passport profile once more for each Document Signer. */
function writePolicies(policies: string, source: string, signers: readonly BenchedSigner[]): void {
  mkdirSync(source);
  cpSync(policies, source, { recursive: true });
  const passport = readFileSync(join(policies, 'dsc-passport.yaml'), 'utf8');
  for (const { profile, documentType } of signers) {
    const text = passport
      .replace('profile: dsc-passport', `profile: ${profile}`)
      .replace('Document Signer Passport', `Document Signer ${documentType}`)
      .replace('types: [P]', `types: [${documentType}]`)
      // The change of a key belongs to no figure.
      .replace(/usageLimit: \d+/, 'usageLimit: 1000000000');
    writeFileSync(join(source, `${profile}.yaml`), text);
  }
}

export async function benchedKey(instance: Instance, { profile }: BenchedSigner): Promise<BenchedKey> {
  const records = openRecords(instance.paths.records, systemClock);
  try {
    const certificate = (await records.issuance.certificates()).find((record) => record.profile === profile);
    const key = (await records.issuance.keys()).find(({ keyId }) => keyId === certificate?.keyId);
    const algorithm = keyAlgorithms.get(key?.keyAlgorithm ?? '');
    if (certificate === undefined || key === undefined || algorithm === undefined) {
      throw new InvariantBroken(`the instance has no Document Signer ${profile}`);
    }
    const { subjectPublicKey } = decodeCertificate(certificate.der, { strict: true });
    if (subjectPublicKey.kind === 'unsupported') throw new InvariantBroken(subjectPublicKey.reason);
    const publicKey = toKeyObject(subjectPublicKey).export({ format: 'der', type: 'spki' });
    return { keyId: key.keyId, algorithm: algorithm.signature, publicKey, certificate: certificate.der };
  } finally {
    records.close();
  }
}

/** Octets that the records take, with what is still in the write-ahead log. */
export function recordOctets(instance: Instance): number {
  return ask(instance, 'SELECT page_count * page_size AS answer FROM pragma_page_count, pragma_page_size');
}

export function recordedSods(instance: Instance): number {
  return ask(instance, 'SELECT count(*) AS answer FROM sods');
}

function ask({ paths }: Instance, question: string): number {
  const database = new DatabaseSync(paths.records, { readOnly: true });
  try {
    return Number(database.prepare(question).get()?.['answer']);
  } finally {
    database.close();
  }
}
