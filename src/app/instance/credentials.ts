import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublicKeyValue } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { toPem } from '../../formats/pem.ts';
import type { AccessRole } from '../../services/access/access-certificates.ts';
import { InvariantBroken } from '../../services/errors.ts';
import { issuerOf } from '../../services/issuance/establish.ts';
import type { IssuanceDeps } from '../../services/issuance/issuance-deps.ts';
import { issueCertificate } from '../../services/issuance/issue-certificate.ts';
import { orUnavailable, writeWholeFile } from './whole-file.ts';

/** Files of one holder, under `credentials/NAME/`. */
export interface CredentialPaths {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export function credentialPaths(directory: string, name: string): CredentialPaths {
  const folder = join(directory, name);
  return { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') };
}

/** What an access certificate is for: a client with a role, or this instance's own TLS server. */
export type CredentialHolder =
  | { readonly name: string; readonly role: AccessRole }
  | { readonly name: string; readonly role: 'server'; readonly hosts: readonly string[] };

const keyAlgorithm = 'ecdsa-P-256-sha256';

/**
 * Makes a TLS key and has the access CA certify it. A key file that is there already is kept, because a
 * crash may have come between key and certificate.
 *
 * @returns whether anything was made; false when the holder has a certificate file already
 */
export async function makeCredential(
  deps: IssuanceDeps,
  directory: string,
  holder: CredentialHolder,
): Promise<boolean> {
  const paths = credentialPaths(directory, holder.name);
  if (existsSync(paths.cert)) return false;
  const folder = join(directory, holder.name);
  orUnavailable(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  if (!existsSync(paths.key)) writePrivateKey(paths.key);
  const profile = holder.role === 'server' ? 'access-server' : 'access-client';
  const issuer = await issuerOf(deps, profile);
  const record = await issueCertificate(deps, {
    profile,
    subject: { name: holder.name, role: holder.role },
    subjectKey: { publicKey: publicKeyValue(createPublicKey(readFileSync(paths.key))) },
    keyAlgorithm,
    issuer,
    hosts: 'hosts' in holder ? holder.hosts : undefined,
  });
  if (issuer === undefined) throw new InvariantBroken('an access certificate was issued without its CA');
  writeWholeFile(paths.ca, toPem('CERTIFICATE', issuer.certificate));
  writeWholeFile(paths.cert, toPem('CERTIFICATE', record.der));
  return true;
}

function writePrivateKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeWholeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
}

function publicKeyValue(key: KeyObject): PublicKeyValue {
  const { x, y } = key.export({ format: 'jwk' });
  if (x === undefined || y === undefined) throw new InvariantBroken('the key is not an EC key');
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return { kind: 'ec', curve: 'P-256', point: Uint8Array.from(point) };
}
