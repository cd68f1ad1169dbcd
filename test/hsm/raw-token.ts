import pkcs11 from 'pkcs11js';
import type { TokenConfiguration } from '../../hsm/pkcs11-token.ts';
import { PinFile } from '../../hsm/pin-file.ts';
import { curveByName } from '../../src/formats/algorithms/curves.ts';
import type { TokenKeyType } from '../../src/formats/algorithms/signature-algorithms.ts';
import { objectIdentifier } from '../../src/formats/der/writer.ts';
import { oids } from '../../src/formats/oids.ts';

/**
 * A token past all of Sigillo's code, in the same process. It can make what Sigillo never makes: keys that could leave,
 * halves of pairs, keys of others.
 */
export class RawToken {
  readonly #lib = new pkcs11.PKCS11();
  readonly #session: Buffer;

  /** What is initialised and logged in counts for the whole process, save with p11-kit's client. */
  constructor({ module, tokenLabel, pinFile }: TokenConfiguration) {
    this.#lib.load(module);
    unless('CKR_CRYPTOKI_ALREADY_INITIALIZED', () =>
      this.#lib.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK }),
    );
    const slot = this.#lib
      .C_GetSlotList(true)
      .find((candidate) => this.#lib.C_GetTokenInfo(candidate).label.trim() === tokenLabel);
    if (slot === undefined) throw new Error(`no token is labelled ${tokenLabel}`);
    this.#session = this.#lib.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
    unless('CKR_USER_ALREADY_LOGGED_IN', () =>
      this.#lib.C_Login(this.#session, pkcs11.CKU_USER, new PinFile(pinFile).read()),
    );
  }

  /** `libraryDescription` of CK_INFO. */
  library(): string {
    return this.#lib.C_GetInfo().libraryDescription;
  }

  find(keyId: string, half: 'private' | 'public'): Buffer[] {
    const objectClass = half === 'private' ? pkcs11.CKO_PRIVATE_KEY : pkcs11.CKO_PUBLIC_KEY;
    this.#lib.C_FindObjectsInit(this.#session, [
      { type: pkcs11.CKA_CLASS, value: objectClass },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
    ]);
    const found = this.#lib.C_FindObjects(this.#session, 100);
    this.#lib.C_FindObjectsFinal(this.#session);
    return found;
  }

  /** The secret part of a private key, where the module gives it away. */
  secret(keyId: string, kind: TokenKeyType['kind']): Buffer | undefined {
    const [handle = noObject] = this.find(keyId, 'private');
    const type = kind === 'rsa' ? pkcs11.CKA_PRIVATE_EXPONENT : pkcs11.CKA_VALUE;
    return this.#lib.C_GetAttributeValue(this.#session, handle, [{ type }])[0]?.value;
  }

  change(handle: Buffer | undefined, type: number, value: boolean): void {
    this.#lib.C_SetAttributeValue(this.#session, handle ?? noObject, [{ type, value }]);
  }

  destroy(handle: Buffer): void {
    this.#lib.C_DestroyObject(this.#session, handle);
  }

  generate(
    keyId: string,
    label: string,
    type: TokenKeyType,
    options: { readonly extractable: boolean },
  ): void {
    const { mechanism, keyType, parameters } = generation(type);
    const common = [
      { type: pkcs11.CKA_TOKEN, value: true },
      { type: pkcs11.CKA_ID, value: Buffer.from(keyId, 'hex') },
      { type: pkcs11.CKA_LABEL, value: label },
      { type: pkcs11.CKA_KEY_TYPE, value: keyType },
    ];
    this.#lib.C_GenerateKeyPair(
      this.#session,
      { mechanism },
      [...common, ...parameters],
      [
        ...common,
        { type: pkcs11.CKA_PRIVATE, value: true },
        { type: pkcs11.CKA_SENSITIVE, value: true },
        { type: pkcs11.CKA_SIGN, value: true },
        { type: pkcs11.CKA_DECRYPT, value: false },
        { type: pkcs11.CKA_UNWRAP, value: false },
        { type: pkcs11.CKA_DERIVE, value: false },
        { type: pkcs11.CKA_EXTRACTABLE, value: options.extractable },
      ],
    );
  }
}

const noObject = Buffer.alloc(8);

function unless(name: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error && error.message === name)) throw error;
  }
}

function generation(type: TokenKeyType) {
  if (type.kind === 'rsa') {
    const parameters = [
      { type: pkcs11.CKA_MODULUS_BITS, value: type.modulusBits },
      { type: pkcs11.CKA_PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
    ];
    return { mechanism: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, keyType: pkcs11.CKK_RSA, parameters };
  }
  const oid = type.kind === 'ec' ? curveByName(type.curve).oid : oids.ed25519;
  const parameters = [{ type: pkcs11.CKA_EC_PARAMS, value: Buffer.from(objectIdentifier(oid)) }];
  return type.kind === 'ec'
    ? { mechanism: pkcs11.CKM_EC_KEY_PAIR_GEN, keyType: pkcs11.CKK_EC, parameters }
    : // CKM_EC_EDWARDS_KEY_PAIR_GEN and CKK_EC_EDWARDS of PKCS#11 3.0.
      { mechanism: 0x1055, keyType: 0x40, parameters };
}
