import {
  encodeSubjectPublicKeyInfo,
  type PublicKeyValue,
} from '../../formats/algorithms/encode-subject-public-key-info.ts';
import type { SignatureAlgorithm } from '../../formats/algorithms/signature-algorithms.ts';
import { verifySignature } from '../../formats/algorithms/verify-signature.ts';
import { type Certificate, decodeCertificate } from '../../formats/x509/certificate.ts';
import { algorithmOf, exchangeKeyAlgorithm, signedOctets } from '../../rules/exchange/exchange-key.ts';
import {
  encodeRequestBundle,
  parseRequestContent,
  type RequestedKey,
  requestSignedJson,
} from '../../rules/exchange/request-bundle.ts';
import { encodeResponseBundle, parseResponseContent } from '../../rules/exchange/response-bundle.ts';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { Refused } from '../errors.ts';
import type { BundleOrder, KeyRole, Token } from '../ports.ts';
import { roles } from './roles.ts';

export interface BundleSigner {
  readonly token: Token;
  readonly policies: Policies;
  readonly state: IssuingState;
}

/**
 * Signs a bundle with the exchange key. The content is read again here, and only what this token can vouch for is
 * signed: a request for keys that are on it and fit their profiles, a response with certificates that its CSCA
 * has signed. So the job is no oracle, with the exchange key or with the keys that prove themselves.
 *
 * @returns the bundle's file
 * @throws Refused, MalformedInput
 */
export async function signBundle(signer: BundleSigner, order: BundleOrder): Promise<Uint8Array> {
  const { signature: algorithm } = algorithmOf(exchangeKeyAlgorithm);
  const sign = (heading: 'request' | 'response', json: Uint8Array) =>
    signer.token.sign(order.keyId, 'exchange', algorithm, signedOctets(heading, json));
  if (order.kind === 'response') {
    await assertResponse(signer, order);
    return encodeResponseBundle(order.content, await sign('response', order.content));
  }
  const proofs = await proofsOf(signer, order.content);
  return encodeRequestBundle(
    order.content,
    proofs,
    await sign('request', requestSignedJson(order.content, proofs)),
  );
}

async function proofsOf(
  { token, policies, state }: BundleSigner,
  octets: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const content = parseRequestContent(octets);
  const isOurs = content.state.country === state.country && content.state.mrzCode === state.mrzCode;
  if (!isOurs) throw refusal('state', 'the request names another state', 'name the state of sigillo.yaml');
  assertPolicies(content.policyDigest, policies);
  const signings = await Promise.all(
    content.requests.map((request) => proofSigning(request, token, policies)),
  );
  return Promise.all(
    signings.map(async (signing) => {
      // A holder outside has proved possession in the PKCS#10 request.
      if (signing === undefined) return new Uint8Array();
      return token.sign(signing.keyId, signing.role, signing.algorithm, signedOctets('proof', octets));
    }),
  );
}

async function proofSigning(
  { keyId, profile: name, keyAlgorithm, publicKey, csr }: RequestedKey,
  token: Token,
  policies: Policies,
): Promise<{ keyId: string; role: KeyRole; algorithm: SignatureAlgorithm } | undefined> {
  if (csr !== undefined) return undefined;
  const profile = policies.profiles.get(name);
  const role = profile && profile.issuer === 'csca' ? roles[profile.kind].subject : undefined;
  if (profile === undefined || role === undefined || role === 'csca') {
    throw refusal('profile', `${name} is no profile that a CSCA certifies keys for`, 'name a signer profile');
  }
  if (!profile.keys.allowed.includes(keyAlgorithm)) {
    throw refusal('keyAlgorithm', `${keyAlgorithm} is not allowed for ${name}`, 'use one that it allows');
  }
  const key = await token.findKey(keyId, role);
  const spki = encodeSubjectPublicKeyInfo(key.publicKey, 'named');
  if (Buffer.compare(spki, publicKey) !== 0) {
    throw refusal('publicKey', `is not the public key of ${key.label}`, 'ask the token for it');
  }
  return { keyId, role, algorithm: algorithmOf(keyAlgorithm).signature };
}

async function assertResponse({ token, policies }: BundleSigner, order: BundleOrder): Promise<void> {
  const content = parseResponseContent(order.content);
  assertPolicies(content.policyDigest, policies);
  const roots = content.cscaCertificates.map(({ certificate }) => decodeCertificate(certificate));
  const own = await token.findKey(order.cscaKeyId ?? '', 'csca');
  if (!roots.some((root) => certifies(root, own.publicKey))) {
    throw refusal('cscaCertificates', 'none is of the CSCA key on this token', 'give them all');
  }
  for (const { certificate, keyId } of content.certificates) {
    if (roots.some((issuer) => isIssuedBy(decodeCertificate(certificate), issuer))) continue;
    throw refusal('certificates', `that for ${keyId} is not signed by the CSCA`, 'issue it first');
  }
}

function certifies(certificate: Certificate, publicKey: PublicKeyValue): boolean {
  const forms = (['explicit', 'named'] as const).map((form) => encodeSubjectPublicKeyInfo(publicKey, form));
  return forms.some((form) => Buffer.compare(form, certificate.subjectPublicKey.bytes) === 0);
}

function isIssuedBy({ signatureAlgorithm, tbsBytes, signature }: Certificate, issuer: Certificate): boolean {
  return (
    signatureAlgorithm.kind !== 'unsupported' &&
    verifySignature(signatureAlgorithm, issuer.subjectPublicKey, tbsBytes, signature)
  );
}

function assertPolicies(digest: string, policies: Policies): void {
  if (digest === policies.digest) return;
  throw refusal('policyDigest', 'names other policies than the signer has', 'make the bundle anew');
}

function refusal(field: string, detail: string, mend: string): Refused {
  return new Refused('policy', detail, { rule: 'E-BUNDLE', field, mend });
}
