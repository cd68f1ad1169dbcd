import type { PublicKeyValue } from '../../formats/algorithms/encode-subject-public-key-info.ts';
import { type ExchangePartner, publicKeyValueOf } from '../../rules/exchange/exchange-key.ts';
import { isProven, isRequestSigned, parseRequestBundle } from '../../rules/exchange/request-bundle.ts';
import type { Policies } from '../../rules/profile/policies.ts';
import { Refused } from '../errors.ts';
import type { CertificateOrder, RequestedKeyReference } from '../ports.ts';
import { holderKey } from './holder-key.ts';
import { roles } from './roles.ts';

/**
 * The public key of another instance that a certificate is ordered for. Only a key that stands in a bundle signed
 * by the pinned partner, with a proof of possession, and for just this certificate, is certified.
 *
 * @throws Refused, MalformedInput
 */
export function requestedKey(
  { bundle, requestKeyId }: RequestedKeyReference,
  order: CertificateOrder,
  partner: ExchangePartner | undefined,
  context: { readonly policies: Policies; readonly country: string },
): PublicKeyValue {
  if (partner === undefined) {
    throw refusal('E-SIG', 'this instance has no exchange partner', 'pin it in sigillo.yaml under exchange');
  }
  const request = parseRequestBundle(bundle);
  if (!isRequestSigned(request, partner.publicKey)) {
    throw refusal('E-SIG', 'the request bundle is not signed by the exchange partner', 'fetch it again');
  }
  const index = request.content.requests.findIndex(({ keyId }) => keyId === requestKeyId);
  const requested = request.content.requests[index];
  if (requested === undefined || !isProven(request, index)) {
    throw refusal(
      'E-POP',
      'the key is not in the bundle with a proof of possession',
      'have it requested anew',
    );
  }
  const isOrdered =
    requested.profile === order.profile &&
    requested.keyAlgorithm === order.keyAlgorithm &&
    requested.subject.sequence === order.subject.sequence &&
    requested.subject.name === order.subject.name &&
    (requested.subject.hosts ?? []).join(' ') === (order.hosts ?? []).join(' ') &&
    request.content.policyDigest === order.policyDigest;
  if (!isOrdered) {
    throw refusal(
      'E-ORDER',
      'the certificate is not the one that was requested',
      'order what the bundle asks',
    );
  }
  const publicKey = publicKeyValueOf(requested.publicKey, 'publicKey');
  if (requested.csr === undefined) assertSigner(order, context.policies);
  else holderKey(requested.csr, order, context);
  return publicKey;
}

/** A key that came without a PKCS#10 request lies on the token of the instance that asks. */
function assertSigner({ profile: name }: CertificateOrder, { profiles }: Policies): void {
  const kind = profiles.get(name)?.kind;
  if (kind !== undefined && roles[kind].subject !== undefined) return;
  throw refusal('E-KEY', `a key for ${name} lives with its holder`, 'request it with --csr');
}

function refusal(rule: string, detail: string, mend: string): Refused {
  return new Refused('policy', detail, {
    rule,
    field: 'subjectKey',
    source: 'docs/formats/exchange-bundle.md',
    mend,
  });
}
