import pkcs11 from 'pkcs11js';

/**
 * What `C_Initialize` is always called with: CKF_OS_LOCKING_OK, without which modules crash as soon as a thread
 * joins in, and the parameters of modules that take some (NSS).
 */
export function initialiseArguments(libraryParameters: string | undefined): pkcs11.InitializationOptions {
  const flags = pkcs11.CKF_OS_LOCKING_OK;
  // The binding cuts the last character off.
  return libraryParameters === undefined ? { flags } : { flags, libraryParameters: `${libraryParameters} ` };
}
