import graphene from 'graphene-pk11';
import type { PublicKeyValue } from '../src/formats/algorithms/encode-subject-public-key-info.ts';
import { curveByName, curves, fieldOctets } from '../src/formats/algorithms/curves.ts';
import type { KeyType } from '../src/formats/algorithms/signature-algorithms.ts';
import { objectIdentifier } from '../src/formats/der/writer.ts';
import { InvariantBroken } from '../src/services/errors.ts';

/** Templates and attributes of the key pairs that Sigillo keeps on a token. */

export interface KeyPairTemplates {
  readonly mechanism: string;
  readonly publicKey: graphene.ITemplate;
  readonly privateKey: graphene.ITemplate;
}

/** Generated on the token, sensitive, not extractable, for signing only. */
export function keyPairTemplates(keyId: Buffer, label: string, type: KeyType): KeyPairTemplates {
  const keyType = type.kind === 'ec' ? graphene.KeyType.ECDSA : graphene.KeyType.RSA;
  const common = { token: true, id: keyId, label, keyType, modifiable: false };
  const parameters: graphene.ITemplate =
    type.kind === 'ec'
      ? { paramsECDSA: Buffer.from(objectIdentifier(curveByName(type.curve).oid)) }
      : { modulusBits: type.modulusBits, publicExponent: Buffer.from([1, 0, 1]) };
  return {
    mechanism: type.kind === 'ec' ? 'ECDSA_KEY_PAIR_GEN' : 'RSA_PKCS_KEY_PAIR_GEN',
    publicKey: {
      ...common,
      ...parameters,
      class: graphene.ObjectClass.PUBLIC_KEY,
      private: false,
      verify: true,
      encrypt: false,
      wrap: false,
      derive: false,
    },
    privateKey: {
      ...common,
      class: graphene.ObjectClass.PRIVATE_KEY,
      private: true,
      sensitive: true,
      extractable: false,
      sign: true,
      signRecover: false,
      decrypt: false,
      unwrap: false,
      derive: false,
    },
  };
}

/** @throws InvariantBroken unless the private key has never been, and can never be, outside the token */
export function assertKeptOnToken(privateKey: graphene.SessionObject, label: string): void {
  const attributes = privateKey.getAttribute({
    sensitive: null,
    alwaysSensitive: null,
    extractable: null,
    neverExtractable: null,
    local: null,
    sign: null,
    decrypt: null,
    unwrap: null,
    derive: null,
  });
  const wanted = {
    sensitive: true,
    alwaysSensitive: true,
    extractable: false,
    neverExtractable: true,
    local: true,
    sign: true,
    decrypt: false,
    unwrap: false,
    derive: false,
  };
  for (const [name, value] of Object.entries(wanted)) {
    const got: unknown = attributes[name as keyof typeof wanted];
    if (got !== value) throw new InvariantBroken(`key ${label}: ${name} is ${String(got)}, must be ${value}`);
  }
}

/** Reads the value of a public key object back from the token. */
export function publicKeyValue(publicKey: graphene.SessionObject, label: string): PublicKeyValue {
  const { keyType } = publicKey.getAttribute({ keyType: null });
  if (keyType === graphene.KeyType.RSA) {
    const { modulus, publicExponent } = publicKey.getAttribute({ modulus: null, publicExponent: null });
    if (modulus === undefined || publicExponent === undefined) throw unreadable(label);
    return {
      kind: 'rsa',
      modulus: Uint8Array.from(modulus),
      publicExponent: Uint8Array.from(publicExponent),
    };
  }
  const { paramsECDSA, pointEC } = publicKey.getAttribute({ paramsECDSA: null, pointEC: null });
  if (paramsECDSA === undefined || pointEC === undefined) throw unreadable(label);
  const curve = curves.find((candidate) => paramsECDSA.equals(objectIdentifier(candidate.oid)));
  if (curve === undefined) throw new InvariantBroken(`key ${label} is on a curve that Sigillo does not know`);
  return { kind: 'ec', curve: curve.name, point: ecPoint(pointEC, 1 + 2 * fieldOctets(curve)) };
}

/** CKA_EC_POINT is a DER OCTET STRING by the standard; some tokens return the bare point. */
function ecPoint(attribute: Buffer, octets: number): Uint8Array {
  return Uint8Array.from(attribute.length === octets ? attribute : attribute.subarray(-octets));
}

function unreadable(label: string): InvariantBroken {
  return new InvariantBroken(`the public key of ${label} cannot be read from the token`);
}
