import { createHash } from 'node:crypto';
import {
  bitString,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  unsignedInteger,
} from '../der/writer.ts';
import { MalformedInput } from '../malformed-input.ts';
import { oids } from '../oids.ts';
import { type Curve, type CurveName, curveByName, fieldOctets } from './curves.ts';

/** The value of a public key, as a token hands it out. */
export type PublicKeyValue =
  | {
      readonly kind: 'ec';
      readonly curve: CurveName;
      /** Uncompressed point: 04, x, y. */
      readonly point: Uint8Array;
    }
  | {
      readonly kind: 'rsa';
      /** Big-endian. */
      readonly modulus: Uint8Array;
      readonly publicExponent: Uint8Array;
    }
  | {
      readonly kind: 'ed25519';
      /** 32 octets (RFC 8032 §5.1.5). */
      readonly publicKey: Uint8Array;
    };

/** `explicit` for everything under a CSCA (Doc 9303-12 §4.1.6.3); `named` for TLS (RFC 5480, RFC 8422). */
export type EcParametersForm = 'explicit' | 'named';

/**
 * Encodes SubjectPublicKeyInfo. RSA keys carry rsaEncryption with NULL parameters, because readers in the
 * field reject id-RSASSA-PSS keys.
 *
 * @throws MalformedInput when an EC point is not uncompressed or has the wrong length
 */
export function encodeSubjectPublicKeyInfo(key: PublicKeyValue, form: EcParametersForm): Uint8Array {
  if (key.kind === 'rsa') {
    const algorithm = sequence(objectIdentifier(oids.rsaEncryption), nullValue());
    return sequence(algorithm, bitString(subjectPublicKey(key)));
  }
  if (key.kind === 'ed25519') {
    return sequence(sequence(objectIdentifier(oids.ed25519)), bitString(key.publicKey));
  }
  const curve = curveByName(key.curve);
  if (key.point[0] !== 0x04 || key.point.length !== 1 + 2 * fieldOctets(curve)) {
    throw new MalformedInput('subjectPublicKey', `must be an uncompressed point of ${curve.name}`, {
      source: 'Doc 9303-12 §4.1.6.3',
    });
  }
  const parameters = form === 'explicit' ? encodeEcParameters(curve) : objectIdentifier(curve.oid);
  return sequence(sequence(objectIdentifier(oids.idEcPublicKey), parameters), bitString(key.point));
}

/** Inside the subjectPublicKey BIT STRING: an EC point, RSAPublicKey (RFC 8017 appendix A.1.1), or Ed25519's octets. */
function subjectPublicKey(key: PublicKeyValue): Uint8Array {
  switch (key.kind) {
    case 'ec':
      return key.point;
    case 'rsa':
      return sequence(unsignedInteger(key.modulus), unsignedInteger(key.publicExponent));
    case 'ed25519':
      return key.publicKey;
  }
}

/** keyIdentifier by method 1 of RFC 5280 §4.2.1.2: SHA-1 of the subjectPublicKey BIT STRING's octets. */
export function keyIdentifierOf(key: PublicKeyValue): Uint8Array {
  return Uint8Array.from(createHash('sha1').update(subjectPublicKey(key)).digest());
}

/**
 * Explicit domain parameters with cofactor and without seed.
 *
 *     ECParameters ::= SEQUENCE {
 *       version   INTEGER { ecpVer1(1) },
 *       fieldID   SEQUENCE { fieldType OBJECT IDENTIFIER, prime INTEGER },
 *       curve     SEQUENCE { a OCTET STRING, b OCTET STRING, seed BIT STRING OPTIONAL },
 *       base      OCTET STRING,
 *       order     INTEGER,
 *       cofactor  INTEGER }
 *
 * @see Doc 9303-12 §4.1.6.3, TR-03111 §5.1 (RFC 5480 forbids this form and common libraries reject it)
 */
export function encodeEcParameters(curve: Curve): Uint8Array {
  return sequence(
    integer(1),
    sequence(objectIdentifier(oids.primeField), unsignedInteger(hex(curve.p))),
    sequence(octetString(hex(curve.a)), octetString(hex(curve.b))),
    octetString(hex(`04${curve.gx}${curve.gy}`)),
    unsignedInteger(hex(curve.n)),
    integer(1),
  );
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
