import graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import type { PublicKeyValue } from '../src/formats/algorithms/encode-subject-public-key-info.ts';
import { curveByName, curves, fieldOctets } from '../src/formats/algorithms/curves.ts';
import type { TokenKeyType } from '../src/formats/algorithms/signature-algorithms.ts';
import { objectIdentifier } from '../src/formats/der/writer.ts';
import { oids } from '../src/formats/oids.ts';
import { InvariantBroken } from '../src/services/errors.ts';

/** Templates and attributes of the key pairs that Sigillo keeps on a token. */

export interface KeyPairTemplates {
  readonly mechanism: string | number;
  readonly publicKey: graphene.ITemplate;
  readonly privateKey: graphene.ITemplate;
}

/** Generated on the token, sensitive, not extractable, for signing only. */
export function keyPairTemplates(keyId: Buffer, label: string, type: TokenKeyType): KeyPairTemplates {
  const { mechanism, keyType, parameters } = generation(type);
  const common = { token: true, id: keyId, label, keyType, modifiable: false };
  return {
    mechanism,
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

/** CKK_EC_EDWARDS and CKM_EC_EDWARDS_KEY_PAIR_GEN (PKCS#11 3.0 §2.3), which the binding has no names for. */
const edwards = { keyType: 0x40, mechanism: 0x1055 };

function generation(type: TokenKeyType) {
  switch (type.kind) {
    case 'ec':
      return {
        mechanism: 'ECDSA_KEY_PAIR_GEN',
        keyType: graphene.KeyType.ECDSA,
        parameters: { paramsECDSA: Buffer.from(objectIdentifier(curveByName(type.curve).oid)) },
      };
    case 'rsa':
      return {
        mechanism: 'RSA_PKCS_KEY_PAIR_GEN',
        keyType: graphene.KeyType.RSA,
        parameters: { modulusBits: type.modulusBits, publicExponent: Buffer.from([1, 0, 1]) },
      };
    case 'ed25519':
      return { ...edwards, parameters: { paramsECDSA: Buffer.from(objectIdentifier(oids.ed25519)) } };
  }
}

/** What a private key must say of itself. */
const kept = {
  sensitive: true,
  alwaysSensitive: true,
  extractable: false,
  neverExtractable: true,
  local: true,
  sign: true,
  decrypt: false,
  unwrap: false,
  derive: false,
} as const;
export type KeptAttribute = keyof typeof kept;

/**
 * @param unsaid attributes that tokens of this kind do not say truly
 * @throws InvariantBroken unless the private key has never been, and can never be, outside the token
 */
export function assertKeptOnToken(
  privateKey: graphene.SessionObject,
  label: string,
  unsaid: readonly KeptAttribute[],
): void {
  const names = Object.keys(kept) as KeptAttribute[];
  const attributes = privateKey.getAttribute(Object.fromEntries(names.map((name) => [name, null])));
  for (const name of names.filter((each) => !unsaid.includes(each))) {
    const got: unknown = attributes[name];
    const wanted = kept[name];
    if (got !== wanted) {
      throw new InvariantBroken(`key ${label}: ${name} is ${String(got)}, must be ${String(wanted)}`);
    }
  }
}

/** Reads the value of a public key object back from the token. */
export function publicKeyValue(publicKey: graphene.SessionObject, label: string): PublicKeyValue {
  const { keyType } = publicKey.getAttribute({ keyType: null });
  if (keyType === graphene.KeyType.RSA) {
    return {
      kind: 'rsa',
      modulus: octets(publicKey, pkcs11.CKA_MODULUS),
      publicExponent: octets(publicKey, pkcs11.CKA_PUBLIC_EXPONENT),
    };
  }
  if (keyType === edwards.keyType) {
    return { kind: 'ed25519', publicKey: ecPoint(octets(publicKey, pkcs11.CKA_EC_POINT), 32) };
  }
  const parameters = Buffer.from(octets(publicKey, pkcs11.CKA_EC_PARAMS));
  const curve = curves.find((candidate) => parameters.equals(objectIdentifier(candidate.oid)));
  if (curve === undefined) throw new InvariantBroken(`key ${label} is on a curve that Sigillo does not know`);
  const point = octets(publicKey, pkcs11.CKA_EC_POINT);
  return { kind: 'ec', curve: curve.name, point: ecPoint(point, 1 + 2 * fieldOctets(curve)) };
}

function octets(object: graphene.SessionObject, attribute: number): Uint8Array {
  return Uint8Array.from(object.getAttribute(attribute));
}

/** CKA_EC_POINT is a DER OCTET STRING by the standard; some tokens return the bare point. */
function ecPoint(attribute: Uint8Array, length: number): Uint8Array {
  return attribute.length === length ? attribute : attribute.slice(-length);
}
