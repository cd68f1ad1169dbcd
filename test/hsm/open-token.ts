import graphene from 'graphene-pk11';
import pkcs11 from 'pkcs11js';
import { Pkcs11Token, type TokenConfiguration } from '../../hsm/pkcs11-token.ts';
import { initialiseToken } from '../../hsm/softhsm.ts';
import { isServiceError, Unavailable } from '../../src/services/errors.ts';
import type { TokenStatus } from '../../src/services/ports.ts';

/**
 * A process that opens a token once and says on standard output what came of it, because a process can load a
 * PKCS#11 module only once. Calls of C_Login are counted.
 */

export interface OpenTokenOrder {
  readonly configuration: TokenConfiguration;
  /** Initialise a token with this label and the user PIN 12345678 instead of opening one. */
  readonly initialise?: string;
  /** Flags that the token shall show besides its own. */
  readonly tokenFlags?: number;
  /** What C_Login shall return instead of asking the token. */
  readonly loginReturns?: { readonly name: string; readonly code: number };
}

export interface OpenTokenOutcome {
  readonly logins: number;
  readonly status?: TokenStatus;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly mend?: string;
    readonly rule?: string | undefined;
    readonly source?: string | undefined;
  };
  readonly outcome?: string;
}

let logins = 0;

function plant({ tokenFlags, loginReturns }: OpenTokenOrder): void {
  // oxlint-disable-next-line typescript/unbound-method -- called below with the module as `this`
  const { C_Login: logIn } = pkcs11.PKCS11.prototype;
  pkcs11.PKCS11.prototype.C_Login = function countedLogin(session, user, pin) {
    logins += 1;
    if (loginReturns !== undefined) {
      throw Object.assign(new Error(loginReturns.name), { code: loginReturns.code, method: 'C_Login' });
    }
    logIn.call(this, session, user, pin);
  };
  if (tokenFlags === undefined) return;
  // oxlint-disable-next-line typescript/unbound-method -- called below with the slot as `this`
  const { getToken } = graphene.Slot.prototype;
  graphene.Slot.prototype.getToken = function flaggedToken() {
    const token = getToken.call(this);
    const flags: number = token.flags;
    return Object.assign(token, { flags: flags | tokenFlags });
  };
}

async function run(order: OpenTokenOrder): Promise<OpenTokenOutcome> {
  try {
    if (order.initialise !== undefined) {
      initialiseToken(order.configuration.module, order.initialise, 'so-pin-1', '12345678');
      return { logins };
    }
    return { status: await Pkcs11Token.open(order.configuration).status(), logins };
  } catch (error) {
    if (!isServiceError(error)) throw error;
    const { name, message } = error;
    if (!(error instanceof Unavailable)) return { logins, error: { name, message } };
    return {
      logins,
      error: { name, message, mend: error.mend, rule: error.rule, source: error.source },
      outcome: error.outcome,
    };
  }
}

if (process.argv[2] !== undefined && import.meta.main) {
  const order = JSON.parse(process.argv[2]) as OpenTokenOrder;
  plant(order);
  process.stdout.write(JSON.stringify(await run(order)));
}
