import { Unavailable } from '../src/services/errors.ts';
import { returnValueName } from './return-values.ts';

/**
 * What brings a token back after a return value, from the least to the most:
 *
 * - `session`: a new session, with the handles of keys found again
 * - `login`: logging in again; a PIN that is refused is never tried a second time
 * - `reinitialise`: `C_Finalize`, `C_Initialize`, the slot found again, a new session, a login
 * - `process`: a new process, because the library's own memory may be at fault
 * - `job`: nothing; the token is well and will say the same again
 * - `pin`: nothing but a person
 */
export type Remedy = 'session' | 'login' | 'reinitialise' | 'process' | 'job' | 'pin';

interface ReturnValue {
  readonly remedy: Remedy;
  /**
   * Whether `C_Sign` may have made a signature although it returned this. PKCS#11 v2.40 §5.1 defines the others
   * as found before anything is done, so that the call may be repeated without another use of the key.
   */
  readonly mayHaveSigned?: true;
  /** What the operator can do; without it the token is left to heal by itself. */
  readonly mend?: string;
}

const ownLog = 'see the token’s own log; a full disk or wrong file permissions are usual causes';
const notForThisToken =
  'this token cannot do what the job asks: compare its data sheet with the key algorithms in sigillo.yaml';

/** One line for each return value that tokens are known to give; others count as `unknownReturnValue`. */
const returnValues: Readonly<Record<string, ReturnValue>> = {
  CKR_SESSION_HANDLE_INVALID: { remedy: 'session' },
  CKR_SESSION_CLOSED: { remedy: 'session', mayHaveSigned: true },
  CKR_OPERATION_ACTIVE: { remedy: 'session' },
  CKR_OPERATION_NOT_INITIALIZED: { remedy: 'session' },
  CKR_KEY_HANDLE_INVALID: { remedy: 'session' },
  CKR_OBJECT_HANDLE_INVALID: { remedy: 'session' },
  CKR_FUNCTION_CANCELED: { remedy: 'session', mayHaveSigned: true },

  CKR_USER_NOT_LOGGED_IN: { remedy: 'login' },

  CKR_CRYPTOKI_NOT_INITIALIZED: { remedy: 'reinitialise' },
  CKR_SLOT_ID_INVALID: { remedy: 'reinitialise' },
  CKR_TOKEN_NOT_PRESENT: {
    remedy: 'reinitialise',
    mend: 'connect the token, or correct token.tokenLabel in sigillo.yaml',
  },
  CKR_TOKEN_NOT_RECOGNIZED: { remedy: 'reinitialise', mend: 'connect the token that sigillo.yaml names' },
  CKR_DEVICE_REMOVED: { remedy: 'reinitialise', mayHaveSigned: true, mend: 'connect the token again' },
  CKR_SESSION_COUNT: {
    remedy: 'reinitialise',
    mend: 'the token has no session left: lower token.sessions or token.processes, or end what else uses it',
  },
  CKR_GENERAL_ERROR: { remedy: 'reinitialise', mayHaveSigned: true, mend: ownLog },
  CKR_FUNCTION_FAILED: { remedy: 'reinitialise', mayHaveSigned: true, mend: ownLog },

  CKR_DEVICE_ERROR: {
    remedy: 'process',
    mayHaveSigned: true,
    mend: 'look at the HSM itself: it reports an error of its own',
  },
  CKR_HOST_MEMORY: { remedy: 'process', mayHaveSigned: true, mend: 'the machine is out of memory' },
  CKR_CANT_LOCK: { remedy: 'process', mend: 'the module cannot be used by several threads: ask its vendor' },
  CKR_CRYPTOKI_ALREADY_INITIALIZED: { remedy: 'process' },

  CKR_DEVICE_MEMORY: {
    remedy: 'job',
    mend: 'the token is full: destroy retired keys on it or move to a larger partition',
  },
  CKR_MECHANISM_INVALID: {
    remedy: 'job',
    mend: 'this token cannot do the algorithm: choose another one in sigillo.yaml',
  },
  CKR_MECHANISM_PARAM_INVALID: { remedy: 'job', mend: notForThisToken },
  CKR_KEY_TYPE_INCONSISTENT: { remedy: 'job', mend: notForThisToken },
  CKR_KEY_SIZE_RANGE: { remedy: 'job', mend: notForThisToken },
  CKR_KEY_FUNCTION_NOT_PERMITTED: {
    remedy: 'job',
    mend: 'the token does not let this key sign: see its policy',
  },
  CKR_DATA_INVALID: { remedy: 'job', mend: notForThisToken },
  CKR_DATA_LEN_RANGE: { remedy: 'job', mend: notForThisToken },
  CKR_DOMAIN_PARAMS_INVALID: { remedy: 'job', mend: notForThisToken },
  CKR_ATTRIBUTE_TYPE_INVALID: { remedy: 'job', mend: notForThisToken },
  CKR_ATTRIBUTE_VALUE_INVALID: { remedy: 'job', mend: notForThisToken },
  CKR_ATTRIBUTE_READ_ONLY: { remedy: 'job', mend: notForThisToken },
  CKR_TEMPLATE_INCOMPLETE: { remedy: 'job', mend: notForThisToken },
  CKR_TEMPLATE_INCONSISTENT: { remedy: 'job', mend: notForThisToken },
  CKR_CURVE_NOT_SUPPORTED: { remedy: 'job', mend: notForThisToken },
  CKR_ACTION_PROHIBITED: { remedy: 'job', mend: 'the token forbids it: see its policy' },
  CKR_FUNCTION_REJECTED: { remedy: 'job', mend: 'the token forbids it: see its policy' },
  CKR_FUNCTION_NOT_SUPPORTED: { remedy: 'job', mend: notForThisToken },
  CKR_TOKEN_WRITE_PROTECTED: { remedy: 'job', mend: 'make the token writable' },

  CKR_PIN_INCORRECT: { remedy: 'pin', mend: 'correct the PIN in the file' },
  CKR_PIN_INVALID: { remedy: 'pin', mend: 'correct the PIN in the file' },
  CKR_PIN_LEN_RANGE: { remedy: 'pin', mend: 'correct the PIN in the file' },
  CKR_PIN_LOCKED: {
    remedy: 'pin',
    mend: 'the user PIN is locked: the token’s security officer must reset it',
  },
  CKR_PIN_EXPIRED: { remedy: 'pin', mend: 'the user PIN must be changed on the token first' },
  CKR_USER_PIN_NOT_INITIALIZED: { remedy: 'pin', mend: 'initialise the user PIN on the token' },
};

/** A vendor's own return value says nothing about the library's state or the signature. */
const unknownReturnValue: ReturnValue = { remedy: 'process', mayHaveSigned: true };

interface NativeError {
  readonly message: string;
  readonly method?: string;
  readonly code?: number;
}

function isNativeError(error: unknown): error is NativeError & Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}

/** Return values that the binding has no name for. */
const unnamed: Readonly<Record<number, string>> = {
  0x1b: 'CKR_ACTION_PROHIBITED',
  0x140: 'CKR_CURVE_NOT_SUPPORTED',
};

/** The name of the return value, e.g. `CKR_PIN_INCORRECT`, or its number; undefined if the module gave none. */
export function returnValueOf(error: unknown): string | undefined {
  if (!isNativeError(error) || !error.message.startsWith('CKR_')) return undefined;
  if (error.message !== 'CKR_VENDOR_DEFINED') return error.message;
  const code = error.code ?? 0;
  return unnamed[code] ?? `CKR ${returnValueName(code)}`;
}

/** What brings the token back after `error`. */
export function remedyFor(error: unknown): Remedy {
  return classOf(error).remedy;
}

/** Whether the token may have made a signature although it returned `error` from `C_Sign`. */
export function mayHaveSigned(error: unknown): boolean {
  return classOf(error).mayHaveSigned === true;
}

/** What the operator can do about a return value of this name, where something is known. */
export function returnValueMend(name: string): string | undefined {
  return returnValues[name]?.mend;
}

function classOf(error: unknown): ReturnValue {
  return returnValues[returnValueOf(error) ?? ''] ?? unknownReturnValue;
}

/** Turns what the module threw into Unavailable. @param outcome `unknown` where a signature may have been made */
export function unavailableToken(
  doing: string,
  error: unknown,
  outcome: Unavailable['outcome'] = 'not-applied',
): Unavailable {
  const name = returnValueOf(error);
  const detail = name ?? (error instanceof Error ? error.message : String(error));
  const method = isNativeError(error) && error.method ? ` in ${error.method}` : '';
  return new Unavailable('token', `${doing} failed with ${detail}${method}`, {
    outcome,
    mend: classOf(error).mend ?? 'look at the token and its log; the signer tries again by itself',
    cause: error,
  });
}
