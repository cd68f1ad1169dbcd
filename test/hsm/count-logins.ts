import { appendFileSync } from 'node:fs';
import pkcs11 from 'pkcs11js';

/** Loaded into signer processes with `--import`: writes one line to LOGIN_LOG for each C_Login. */

// oxlint-disable-next-line typescript/unbound-method -- called below with the module as `this`
const { C_Login: logIn } = pkcs11.PKCS11.prototype;

pkcs11.PKCS11.prototype.C_Login = function countedLogin(session, user, pin) {
  appendFileSync(process.env['LOGIN_LOG'] ?? '', `${process.pid}\n`);
  logIn.call(this, session, user, pin);
};
