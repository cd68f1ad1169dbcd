import { toWire, type JobMessage, type SignerMessage } from '../adapters/signer-pool/index.ts';
import { Refused, Unavailable } from '../services/errors.ts';
import { SigningCore } from '../services/signing-core/signing-core.ts';
import { Pkcs11Token } from '../../hsm/pkcs11-token.ts';
import { logSettings } from './instance/configuration.ts';
import { loadAnyInstance } from './instance/load-instance.ts';

/**
 * The signer process: the only one that loads the PKCS#11 module and knows a PIN. It takes typed jobs from
 * the service that started it and ends with it. After the token has failed, it answers and ends, because no
 * session is used again after an error; the service starts a new one.
 */
export function runSigner(home: string): void {
  const send = process.send?.bind(process);
  if (send === undefined) {
    throw new Unavailable('signer', 'was not started by a service', {
      outcome: 'not-applied',
      mend: 'run sigillo serve; it starts its signers itself',
    });
  }
  const tell = (message: SignerMessage, then?: () => void) => {
    send(message, undefined, undefined, () => then?.());
  };
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the service decides when its signers end.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  let core: SigningCore;
  try {
    const { configuration, policies } = loadAnyInstance(home);
    const { token, state, exchange } = configuration;
    const logOrigin = 'machine' in configuration ? undefined : logSettings(configuration).origin;
    core = new SigningCore(Pkcs11Token.open(token), policies, state, exchange?.partner, logOrigin);
    tell({ kind: 'ready', token: core.status() });
  } catch (error) {
    tell({ kind: 'failed', error: toWire(error) }, () => process.exit(1));
    return;
  }
  let isEnding = false;
  const run = (message: JobMessage) => {
    try {
      tell({ kind: 'done', id: message.id, result: runJob(core, message) });
    } catch (error) {
      isEnding = mustEndAfter(message, error);
      tell({ kind: 'error', id: message.id, error: toWire(error) }, () => isEnding && process.exit(1));
    }
  };
  process.on('message', (messages: readonly JobMessage[]) => {
    for (const message of messages) if (!isEnding) run(message);
  });
}

/** A key that is not there to sign with is looked for on the token that is there when the next process starts. */
function mustEndAfter({ job }: JobMessage, error: unknown): boolean {
  if (error instanceof Refused) return error.code === 'not-found' && job !== 'findKey';
  return error instanceof Unavailable;
}

function runJob(core: SigningCore, message: JobMessage): unknown {
  switch (message.job) {
    case 'generateKeyPair':
      return core.generateKeyPair(message.order);
    case 'findKey':
      return core.findKey(message.order);
    case 'destroyKey':
      return core.destroyKey(message.order);
    case 'signCertificate':
      return core.signCertificate(message.order);
    case 'signCrl':
      return core.signCrl(message.order);
    case 'signSod':
      return core.signSod(message.order);
    case 'signMasterList':
      return core.signMasterList(message.order);
    case 'signBundle':
      return core.signBundle(message.order);
    case 'signCheckpoint':
      return core.signCheckpoint(message.order);
    case 'status':
      return core.status();
  }
}
