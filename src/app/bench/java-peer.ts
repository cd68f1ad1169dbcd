import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { putCertificates } from '../../../hsm/bench/certificate-object.ts';
import { InvariantBroken, Unavailable } from '../../services/errors.ts';
import { type Instance, loadInstance } from '../instance/load-instance.ts';
import { mainModule } from '../instance/open-instance.ts';

/** A Document Signer's key, as the peer needs it. */
export interface PeerKey {
  readonly keyId: string;
  /** Key algorithm, e.g. `ecdsa-P-256-sha256`. */
  readonly keyAlgorithm: string;
  /** SubjectPublicKeyInfo with a named curve, DER. */
  readonly publicKey: Uint8Array;
  /** The Document Signer certificate, DER. */
  readonly certificate: Uint8Array;
}

export interface PeerResult {
  readonly perSecond: number;
  /** One of them. */
  readonly efSod: Uint8Array;
}

const source = fileURLToPath(new URL('../../../hsm/bench/peer/SunPkcs11Peer.java', import.meta.url));
const jars = ['bcprov', 'bcutil', 'bcpkix'].map((name) => `/usr/share/java/${name}.jar`);

/** Java's names of our key algorithms. */
const javaAlgorithms: ReadonlyMap<string, string> = new Map([
  ['ecdsa-P-256-sha256', 'SHA256withECDSA'],
  ['ecdsa-brainpoolP256r1-sha256', 'SHA256withECDSA'],
  ['ecdsa-P-384-sha384', 'SHA384withECDSA'],
  ['rsassa-pss-3072-sha256', 'SHA256withRSAandMGF1'],
]);

const run = promisify(execFile);

/** Debian packages that the peer lacks on this machine; empty where it can run. */
export function missingForPeer(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const has = (program: string) => folders.some((folder) => existsSync(join(folder, program)));
  return [
    ...(has('java') && has('javac') ? [] : ['default-jdk-headless']),
    ...(jars.every((jar) => existsSync(jar)) ? [] : ['libbcprov-java', 'libbcpkix-java']),
  ];
}

/** Bouncy Castle with SunPKCS11 in a process of its own, on the token and keys of an instance. */
export class JavaPeer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, folder: string) {
    this.#child = child;
    this.#lines = lines;
    this.#folder = folder;
  }

  /** Compiles it, puts a certificate beside each key, starts it. The keys' token gets objects, no other change. */
  static async start(instance: Instance, keys: readonly PeerKey[]): Promise<JavaPeer> {
    const { token } = instance.configuration;
    const folder = join(instance.paths.home, 'peer');
    mkdirSync(folder);
    await run('javac', ['-Xlint:all,-path', '-Werror', '-d', folder, '-cp', jars.join(':'), source]);
    const java = ['-cp', [folder, ...jars].join(':'), 'SunPkcs11Peer'];
    for (const { keyId, publicKey, certificate } of keys) {
      const file = (kind: string) => join(folder, `${keyId}.${kind}`);
      writeFileSync(file('spki'), publicKey);
      writeFileSync(file('dsc'), certificate);
      await run('java', [...java, 'certificate', file('spki'), file('cer')]);
    }
    const env = { PATH: process.env['PATH'], ...token.environment };
    const keyIds = keys.map(({ keyId }) => keyId);
    const objects = ['bench-peer-objects', '--home', instance.paths.home, ...keyIds];
    const { stdout: slot } = await run(process.execPath, [mainModule, ...objects], { env });
    const configuration = join(folder, 'pkcs11.cfg');
    writeFileSync(configuration, `name = peer\nlibrary = ${token.module}\nslot = ${slot.trim()}\n`);
    const child = spawn('java', [...java, 'serve', configuration, token.pinFile], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const peer = new JavaPeer(child, lines, folder);
    if ((await peer.#line()) !== 'READY') throw new InvariantBroken('the peer does not get ready');
    return peer;
  }

  /**
   * Signs and verifies EF.SODs for a time.
   *
   * @throws Unavailable where Java cannot do it, with its reason
   */
  async run({ keyId, keyAlgorithm }: PeerKey, threads: number, seconds: number): Promise<PeerResult> {
    const file = (kind: string) => join(this.#folder, `${keyId}.${kind}`);
    const algorithm = javaAlgorithms.get(keyAlgorithm) ?? keyAlgorithm;
    const order = [keyId, algorithm, file('dsc'), file('spki'), threads, seconds];
    this.#child.stdin?.write(`${order.join(' ')}\n`);
    const [verdict, ...rest] = (await this.#line()).split('\t');
    if (verdict !== 'OK') {
      throw new Unavailable('peer', rest.join(' '), { outcome: 'not-applied', mend: 'see its reason' });
    }
    const [sods, elapsed, efSod = ''] = rest;
    return { perSecond: Number(sods) / Number(elapsed), efSod: Buffer.from(efSod, 'base64') };
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  async #line(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done !== true) return line.value;
    throw new Unavailable('peer', 'ended by itself', { outcome: 'unknown', mend: 'see what it wrote above' });
  }
}

/** Inside of a process that may load the PKCS#11 module: puts the certificates on the token, prints its slot. */
export function putPeerObjects(home: string, keyIds: readonly string[]): string {
  const { configuration, paths } = loadInstance(home);
  const objects = keyIds.map((keyId) => ({
    keyId,
    certificate: readFileSync(join(paths.home, 'peer', `${keyId}.cer`)),
  }));
  return String(putCertificates(configuration.token, objects));
}
