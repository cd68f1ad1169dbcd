import pkcs11 from 'pkcs11js';
import { decodeCertificate } from '../../src/formats/x509/certificate.ts';
import { openBareSession } from './bare-session.ts';
import type { TokenConfiguration } from '../pkcs11-token.ts';

/** A certificate to put beside a private key. */
export interface CertificateObject {
  /** CKA_ID of the key, hexadecimal; the label too. */
  readonly keyId: string;
  /** DER. */
  readonly certificate: Uint8Array;
}

/**
 * Puts certificates on a token. We need none there; a SunPKCS11 key store shows a private key only beside one.
 *
 * @returns the token's slot, as its number
 */
export function putCertificates(
  token: TokenConfiguration,
  certificates: readonly CertificateObject[],
): bigint {
  const { module, session, slot } = openBareSession(token, 'read-write');
  for (const { keyId, certificate } of certificates) {
    const { issuer, subject, serialNumber } = decodeCertificate(certificate, { strict: false });
    module.C_CreateObject(session, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_CERTIFICATE },
      { type: pkcs11.CKA_CERTIFICATE_TYPE, value: pkcs11.CKC_X_509 },
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_PRIVATE, value: false },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
      { type: pkcs11.CKA_LABEL, value: keyId },
      { type: pkcs11.CKA_SUBJECT, value: Buffer.from(subject.bytes) },
      { type: pkcs11.CKA_ISSUER, value: Buffer.from(issuer.bytes) },
      { type: pkcs11.CKA_SERIAL_NUMBER, value: Buffer.of(2, 1, Number(serialNumber)) },
      { type: pkcs11.CKA_VALUE, value: Buffer.from(certificate) },
    ]);
  }
  module.C_Finalize();
  return slot.readBigUInt64LE();
}
