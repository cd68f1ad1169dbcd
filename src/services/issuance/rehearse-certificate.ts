import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { PublicKeyValue } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { curveByName } from '../../formats/algorithms/curves.ts';
import { type KeyType, keyAlgorithms } from '../../formats/algorithms/signature-algorithms.ts';
import { publicKeyValueOf } from '../../rules/exchange/exchange-key.ts';
import { Refused } from '../errors.ts';
import type { IssuerReference } from '../ports.ts';
import { issuerFrom } from '../signing-core/issuer.ts';
import { lintCertificateOrder } from '../signing-core/lint-order.ts';
import { prepareCertificate } from '../signing-core/prepare-certificate.ts';
import { roles } from '../signing-core/roles.ts';
import { assertKeysOfAYear } from './bar-code-keys.ts';
import { type IssuanceDeps, startToCome, wholeSecond } from './issuance-deps.ts';
import type { CertificateRequest } from './issue-certificate.ts';
import { noSerialNumberFree, serialNumbers } from './serial-numbers.ts';

const makeThrowAway = promisify(generateKeyPair);

/** A certificate that is to be asked for once its key is made. */
export type PlannedCertificate = Omit<CertificateRequest, 'subjectKey'>;

/**
 * Prepares and lints a certificate before there is a key for it, with a key of the same kind in its place: what is
 * refused now leaves no key on the token. Nothing is signed and nothing recorded.
 *
 * @param issuer where the CSCA is on another machine, `elsewhere`: then it is the one to find fault with the rest
 * @throws Refused as the signer would
 */
export async function rehearseCertificate(
  deps: IssuanceDeps,
  planned: PlannedCertificate,
  issuer: IssuerReference | 'elsewhere' | undefined,
): Promise<void> {
  const { policies, state } = deps;
  const profile = policies.profiles.get(planned.profile);
  const type = keyAlgorithms.get(planned.keyAlgorithm)?.key;
  if (profile === undefined || type === undefined) {
    const field = profile === undefined ? 'profile' : 'keyAlgorithm';
    const allowed = profile === undefined ? [...policies.profiles.keys()] : profile.keys.allowed;
    throw new Refused('policy', `there is no ${field} ${planned[field]}`, {
      field,
      mend: `use one of ${allowed.join(', ')}`,
    });
  }
  if (issuer === undefined && profile.issuer !== 'self') {
    throw new Refused('key-not-active', `there is no key of the ${profile.issuer} that may sign now`, {
      field: 'issuer',
      mend: 'run sigillo init, or wait until the rest of a new CSCA key is over',
    });
  }
  await assertKeysOfAYear(deps, planned.profile);
  const notBefore = wholeSecond(deps.clock.now());
  const candidates = serialNumbers(profile.serialNumber, notBefore, deps.random);
  // The other machine gives it, by its own records.
  const serialNumber = issuer === 'elsewhere' ? 1n : await free(deps, candidates);
  if (serialNumber === undefined) throw noSerialNumberFree(planned.profile);
  const publicKey = await publicKeyOfKind(type);
  const order = {
    ...planned,
    usageFrom: startToCome(planned.usageFrom, notBefore),
    issuer: issuer === 'elsewhere' ? undefined : issuer,
    subjectKey: { publicKey },
    serialNumber,
    notBefore,
    policyDigest: policies.digest,
  };
  const role = roles[profile.kind].issuer;
  const signing =
    order.issuer && issuerFrom(order.issuer, await deps.signer.findKey({ keyId: order.issuer.keyId, role }));
  const tbs = prepareCertificate(profile, state, order, publicKey, signing);
  if (issuer !== 'elsewhere') lintCertificateOrder(tbs, profile, { policies, state }, order);
}

/** The first that could be taken now; it is not. */
async function free({ records }: IssuanceDeps, candidates: Iterable<bigint>): Promise<bigint | undefined> {
  for (const candidate of candidates) {
    if (!(await records.isSerialNumberTaken(candidate))) return candidate;
  }
  return undefined;
}

/** Of a key pair whose other half nobody keeps. */
async function publicKeyOfKind(type: KeyType): Promise<PublicKeyValue> {
  const spki = { publicKeyEncoding: { type: 'spki', format: 'der' } } as const;
  const { publicKey } =
    type.kind === 'ec'
      ? await makeThrowAway('ec', {
          namedCurve: curveByName(type.curve).openssl,
          ...spki,
          privateKeyEncoding: { type: 'pkcs8', format: 'der' },
        })
      : await makeThrowAway('rsa', {
          modulusLength: type.modulusBits,
          ...spki,
          privateKeyEncoding: { type: 'pkcs8', format: 'der' },
        });
  return publicKeyValueOf(publicKey, 'subjectPublicKey');
}
