import type { TLSSocket } from 'node:tls';
import type { Context, Middleware } from 'koa';
import type {
  AccessCertificates,
  AccessHolder,
  AccessRole,
} from '../../services/access/access-certificates.ts';
import { HttpProblem } from './problem.ts';

/** What a route finds out about its caller. */
export interface CallerState {
  caller: AccessHolder;
  /** Once more, for who stays longer than a moment. @throws what the route would have refused with */
  assertAllowed: () => Promise<AccessHolder>;
}

/** Holders by TLS connection: the certificate of a connection does not change, its validity does. */
const certificatesOf = new WeakMap<TLSSocket, Uint8Array>();

/**
 * Lets callers in whose client certificate was issued by this instance's access CA for one of `roles`.
 * TLS is set to let everyone through, so that the refusal is a problem document and no broken connection.
 */
export function requireRole(
  access: AccessCertificates,
  roles: readonly AccessRole[],
): Middleware<CallerState> {
  return async (ctx, next) => {
    const assertAllowed = () => holderInRole(access, roles, ctx);
    ctx.state.caller = await assertAllowed();
    ctx.state.assertAllowed = assertAllowed;
    await next();
  };
}

/** @throws what `requireRole` refuses with */
export async function holderInRole(
  access: AccessCertificates,
  roles: readonly AccessRole[],
  ctx: Context,
): Promise<AccessHolder> {
  const holder = await access.holder(clientCertificate(ctx));
  if (roles.includes(holder.role)) return holder;
  throw new HttpProblem({
    type: 'not-authorised',
    title: 'Not allowed',
    status: 403,
    detail: `${holder.name} is ${holder.role}, this needs ${roles.join(' or ')}`,
    rule: 'access-role',
    mend: 'use a certificate of that role',
  });
}

function clientCertificate(ctx: Context): Uint8Array {
  const socket = ctx.req.socket as TLSSocket;
  const known = certificatesOf.get(socket);
  if (known !== undefined) return known;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw noCertificate();
  if (!socket.authorized) throw notTrusted(String(socket.authorizationError));
  const der = Uint8Array.from(certificate.raw);
  certificatesOf.set(socket, der);
  return der;
}

function noCertificate(): HttpProblem {
  return new HttpProblem({
    type: 'client-certificate-required',
    title: 'No client certificate',
    status: 401,
    detail: 'this API is used with a TLS client certificate of the access CA',
    rule: 'access-certificate',
    mend: 'send the certificate and key that the operator gave you, e.g. curl --cert cert.pem --key key.pem',
  });
}

function notTrusted(reason: string): HttpProblem {
  const expired = reason === 'CERT_HAS_EXPIRED';
  return new HttpProblem({
    type: 'client-certificate-refused',
    title: 'Client certificate refused',
    status: 403,
    detail: expired
      ? 'the client certificate has expired'
      : `the client certificate is not of this instance's access CA (${reason})`,
    rule: 'access-certificate',
    mend: 'have the operator issue a new one: sigillo credential NAME --role station',
  });
}
