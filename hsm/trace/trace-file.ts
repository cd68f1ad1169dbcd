/**
 * A trace file: the last calls of one process to its PKCS#11 module, as a ring of records of one size. It is made
 * once, whole, and overwritten in place, so that a full disk does not stop it and a crash does not lose it.
 *
 * All numbers are little-endian. A header of 64 octets, then `capacity` records of 64 octets:
 *
 *     header    0 magic "SIGILLO TRACE 1\n"   16 pid (u32)   20 capacity (u32)   24 start of process (f64, ms since 1970)
 *     record    0 number, from 1 (u32)   4 function, position in `tracedFunctions` (u32)   8 start (f64, ms since 1970)
 *              16 duration (f64, ms; NaN while the call is under way)   24 return value (u32)   28 session (u32)
 *              32 slot (u32)   36 octets to be signed (u32)   40 mechanism (u32)   48 CKA_ID of the key (16 octets)
 *
 * Neither a PIN nor data to be signed nor a signature is ever in it.
 */
export const magic = 'SIGILLO TRACE 1\n';
export const recordOctets = 64;
export const headerOctets = 64;
export const defaultCapacity = 4_096;

/** Positions in a record, in units of the typed array that writes there. */
export const at = {
  number: 0,
  function: 1,
  start: 1,
  duration: 2,
  returnValue: 6,
  session: 7,
  slot: 8,
  inputOctets: 9,
  mechanism: 10,
  keyId: 48,
} as const;

/** Functions of PKCS#11 2.40 in the order of CK_FUNCTION_LIST. New ones are added at the end. */
export const tracedFunctions = (
  'C_Initialize C_Finalize C_GetInfo C_GetFunctionList C_GetSlotList C_GetSlotInfo C_GetTokenInfo ' +
  'C_GetMechanismList C_GetMechanismInfo C_InitToken C_InitPIN C_SetPIN C_OpenSession C_CloseSession ' +
  'C_CloseAllSessions C_GetSessionInfo C_GetOperationState C_SetOperationState C_Login C_Logout C_CreateObject ' +
  'C_CopyObject C_DestroyObject C_GetObjectSize C_GetAttributeValue C_SetAttributeValue C_FindObjectsInit ' +
  'C_FindObjects C_FindObjectsFinal C_EncryptInit C_Encrypt C_EncryptUpdate C_EncryptFinal C_DecryptInit ' +
  'C_Decrypt C_DecryptUpdate C_DecryptFinal C_DigestInit C_Digest C_DigestUpdate C_DigestKey C_DigestFinal ' +
  'C_SignInit C_Sign C_SignUpdate C_SignFinal C_SignRecoverInit C_SignRecover C_VerifyInit C_Verify ' +
  'C_VerifyUpdate C_VerifyFinal C_VerifyRecoverInit C_VerifyRecover C_DigestEncryptUpdate C_DecryptDigestUpdate ' +
  'C_SignEncryptUpdate C_DecryptVerifyUpdate C_GenerateKey C_GenerateKeyPair C_WrapKey C_UnwrapKey C_DeriveKey ' +
  'C_SeedRandom C_GenerateRandom C_GetFunctionStatus C_CancelFunction C_WaitForSlotEvent'
).split(' ');

/** One call as it is read back. */
export interface TracedCall {
  readonly pid: number;
  /** Counted from 1 in each process. */
  readonly number: number;
  readonly function: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Milliseconds; undefined when the call had not come back when this was written. */
  readonly duration: number | undefined;
  readonly returnValue: number;
  readonly session: number;
  readonly slot: number;
  readonly inputOctets: number;
  readonly mechanism: number;
  /** CKA_ID in hexadecimal; empty where no key is known. */
  readonly keyId: string;
}

/** @returns the calls in the order in which they began; none when this is no trace file */
export function readTraceFile(octets: Buffer): readonly TracedCall[] {
  if (octets.length < headerOctets || octets.toString('latin1', 0, magic.length) !== magic) return [];
  const pid = octets.readUInt32LE(16);
  const calls: TracedCall[] = [];
  for (let start = headerOctets; start + recordOctets <= octets.length; start += recordOctets) {
    const call = readRecord(octets.subarray(start, start + recordOctets), pid);
    if (call.number !== 0) calls.push(call);
  }
  return calls.toSorted((a, b) => a.number - b.number);
}

function readRecord(record: Buffer, pid: number): TracedCall {
  const u32 = (position: number) => record.readUInt32LE(position * 4);
  const duration = record.readDoubleLE(at.duration * 8);
  const keyId = record.subarray(at.keyId, recordOctets);
  return {
    pid,
    number: u32(at.number),
    function: tracedFunctions[u32(at.function)] ?? 'unknown',
    start: record.readDoubleLE(at.start * 8),
    duration: Number.isNaN(duration) ? undefined : duration,
    returnValue: u32(at.returnValue),
    session: u32(at.session),
    slot: u32(at.slot),
    inputOctets: u32(at.inputOctets),
    mechanism: u32(at.mechanism),
    keyId: keyId.every((octet) => octet === 0) ? '' : keyId.toString('hex'),
  };
}
