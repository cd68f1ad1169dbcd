import { Unavailable } from '../src/services/errors.ts';

/** What PKCS#11 return values mean to the operator; others are reported by name alone. */
const mends: Readonly<Record<string, string>> = {
  CKR_DEVICE_MEMORY: 'the token is full: destroy retired keys on it or move to a larger partition',
  CKR_DEVICE_REMOVED: 'connect the token again',
  CKR_DEVICE_ERROR: 'look at the HSM itself: it reports an error of its own',
  CKR_TOKEN_NOT_PRESENT: 'connect the token, or correct token.label in sigillo.yaml',
  CKR_PIN_LOCKED: 'the user PIN is locked: the token’s security officer must reset it',
  CKR_PIN_EXPIRED: 'the user PIN must be changed on the token first',
  CKR_USER_PIN_NOT_INITIALIZED: 'initialise the user PIN on the token',
  CKR_MECHANISM_INVALID: 'this token cannot do the algorithm: choose another one in sigillo.yaml',
  CKR_HOST_MEMORY: 'the machine is out of memory',
  CKR_GENERAL_ERROR: 'see the token’s own log; a full disk or wrong file permissions are usual causes',
  CKR_FUNCTION_FAILED: 'see the token’s own log; a full disk or wrong file permissions are usual causes',
};

interface NativeError {
  readonly message: string;
  readonly method?: string;
  readonly code?: number;
}

function isNativeError(error: unknown): error is NativeError & Error {
  return error instanceof Error && 'code' in error && error.message.startsWith('CKR_');
}

/** The name of the return value, e.g. `CKR_PIN_INCORRECT`, if `error` came from the module. */
export function returnValueOf(error: unknown): string | undefined {
  return isNativeError(error) ? error.message : undefined;
}

/** Turns what the module threw into Unavailable; the token made no signature that left it. */
export function unavailableToken(doing: string, error: unknown): Unavailable {
  const name = returnValueOf(error);
  const detail = name ?? (error instanceof Error ? error.message : String(error));
  const method = isNativeError(error) && error.method ? ` in ${error.method}` : '';
  return new Unavailable('token', `${doing} failed with ${detail}${method}`, {
    outcome: 'not-applied',
    mend: mends[name ?? ''] ?? 'look at the token and its log; the signer tries again by itself',
    cause: error,
  });
}
