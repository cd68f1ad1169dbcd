import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Options of `openssl genpkey` for a key of each kind. */
export const keyOptions = {
  'P-256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  brainpoolP256r1: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'],
  secp256k1: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
  'P-256 with explicit parameters': [
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-pkeyopt',
    'ec_param_enc:explicit',
  ],
  'RSA 3072': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072'],
  'RSA 1024': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  'RSASSA-PSS 3072': ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:3072'],
  Ed25519: ['-algorithm', 'ED25519'],
} as const;
export type RequestKey = keyof typeof keyOptions;

/**
 * A PKCS#10 request as `openssl req -new` makes it.
 *
 * @param options further options of `openssl req`
 * @returns DER
 */
export function opensslRequest(
  key: RequestKey,
  subject = '/C=UT/O=Utopia/CN=pkd.utopia.example',
  options: readonly string[] = [],
): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-csr-'));
  const [keyFile, requestFile] = [join(folder, 'key.pem'), join(folder, 'request.der')];
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  try {
    openssl('genpkey', ...keyOptions[key], '-out', keyFile);
    const request = [
      '-new',
      '-utf8',
      '-key',
      keyFile,
      '-subj',
      subject,
      '-outform',
      'DER',
      '-out',
      requestFile,
    ];
    openssl('req', ...request, ...options);
    return Uint8Array.from(readFileSync(requestFile));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
