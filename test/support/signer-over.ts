import type { Signer } from '../../src/services/ports.ts';
import type { SigningCore } from '../../src/services/signing-core/signing-core.ts';

/** The port over a core in this process, as the signer pool is over another. */
export function signerOver(core: SigningCore): Signer {
  return {
    generateKeyPair: async (order) => core.generateKeyPair(order),
    findKey: async (key) => core.findKey(key),
    destroyKey: async (key) => core.destroyKey(key),
    signCertificate: async (order) => core.signCertificate(order),
    signCrl: async (order) => core.signCrl(order),
    signSod: async (order) => core.signSod(order),
    signMasterList: async (order) => core.signMasterList(order),
    signBundle: async (order) => core.signBundle(order),
    signCheckpoint: async (order) => core.signCheckpoint(order),
    status: async () => core.status(),
    failure: undefined,
    holds: () => true,
    waitingMs: () => 0,
  };
}
