import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setInterval as every } from 'node:timers/promises';
import type Koa from 'koa';
import type { Logger } from 'pino';
import { systemClock } from '../adapters/clock/index.ts';
import { AccessCertificates } from '../services/access/access-certificates.ts';
import { publishCrl } from '../services/crl/publish-crl.ts';
import { buildCatalogue } from '../services/distribution/catalogue.ts';
import { Unavailable } from '../services/errors.ts';
import { Border } from '../services/sod/check-sod.ts';
import { isInUse, loadDocumentSigners } from '../services/sod/document-signers.ts';
import { SodService } from '../services/sod/sod-service.ts';
import { Distribution } from './http/distribution.ts';
import { type Health, Operations } from './http/operations.ts';
import { stationApi } from './http/station-api.ts';
import { credentialPaths } from './instance/credentials.ts';
import { establishInstance, writeTrust } from './instance/establish-instance.ts';
import type { Instance } from './instance/load-instance.ts';
import { lockInstance, openInstance } from './instance/open-instance.ts';

/** A running service. */
export interface Service {
  readonly ports: { readonly station: number; readonly distribution: number; readonly operations: number };
  readonly health: () => Health;
  readonly signerPids: () => readonly number[];
  /** Ends it: no new requests, those under way are answered first. */
  close(): Promise<void>;
}

const reloadMs = 5_000;
const recoveryMs = 1_000;

/**
 * Starts the service of an instance: makes what it lacks, completes what a crash left open, listens, and
 * keeps distribution and CRL up to date.
 *
 * @throws Unavailable, Refused, MalformedInput: nothing listens then
 */
export async function startService(
  instance: Instance,
  log: Logger,
  progress: (making: string) => void,
): Promise<Service> {
  const { configuration } = instance;
  const unlock = lockInstance(instance.paths.home);
  const open = openInstance(instance, {
    processes: configuration.token.processes,
    onEvent: (event) => log.info(event, `signer ${event.kind}`),
  });
  const { records, signer, issuance } = open;
  const stop = new AbortController();
  const servers: http.Server[] = [];
  const end = async (): Promise<void> => {
    stop.abort();
    await Promise.all(servers.map(closeServer));
    open.close();
    unlock();
  };
  try {
    await establishInstance(instance, issuance, progress);
    const documentSigners = await loadDocumentSigners(records.issuance, instance.policies);
    const border = new Border(issuance);
    const sods = new SodService({
      records: records.sods,
      signer,
      clock: systemClock,
      policies: instance.policies,
      documentSigners,
      check: (efSod, intent, documentSigner) => border.check(efSod, intent, documentSigner),
      deadlineMs: configuration.limits.deadlineMs,
      maxInFlight: configuration.limits.maxInFlight,
    });
    const recovered = await sods.completeOpenIntents();
    if (recovered > 0) log.warn({ recovered }, 'SODs that a crash left open were completed');

    const isDevelopment = configuration.environment === 'development';
    const distribution = new Distribution({ state: configuration.state, isDevelopment, log });
    const republish = async () => {
      await border.reload();
      distribution.publish(await buildCatalogue(issuance));
    };
    await republish();
    const health = (): Health => {
      const at = systemClock.now();
      const reasons = [
        ...(signer.isReady ? [] : [signer.failure?.message ?? 'no signer process is ready yet']),
        ...(sods.broken === undefined ? [] : [`an invariant is broken: ${sods.broken.message}`]),
        ...([...documentSigners].some((entry) => isInUse(entry, at))
          ? []
          : ['no Document Signer is in its private key usage period']),
      ];
      return { ready: reasons.length === 0, reasons };
    };
    const operations = new Operations(
      health,
      () => sods.inFlight,
      () => signer.pids.length,
    );
    const stations = stationApi({
      sods,
      access: new AccessCertificates(issuance),
      log,
      metrics: operations,
      mrzCode: configuration.state.mrzCode,
      maxBodyOctets: configuration.limits.maxBodyOctets,
    });

    const { address, portBase } = configuration.http;
    const ports = {
      station: await listen(servers, stationServer(instance, stations), portBase, address),
      distribution: await listen(servers, plainServer(distribution.app()), portBase + 3, address),
      operations: await listen(servers, plainServer(operations.app()), portBase + 4, '127.0.0.1'),
    };
    const repeat = (everyMs: number, what: string, work: () => Promise<unknown>): void => {
      const onError = (err: unknown) => log.error({ err }, `${what} failed`);
      repeatUntil(stop.signal, everyMs, work, onError).catch(onError);
    };
    repeat(reloadMs, 'publishing', republish);
    repeat(reloadMs, 'renewing the CRL', async () => {
      const crl = await records.issuance.latestCrl();
      if (crl === undefined || !isPastHalf(crl.thisUpdate, crl.nextUpdate)) return;
      await publishCrl(issuance);
      await writeTrust(instance, issuance);
    });
    repeat(recoveryMs, 'completing open SODs', async () => {
      if (signer.isReady && sods.broken === undefined) await sods.completeOpenIntents();
    });
    log.info({ ports }, 'serving');
    return { ports, health, signerPids: () => signer.pids, close: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A CRL is replaced when half of its time is over, so that every relying party has weeks to fetch it. */
function isPastHalf(thisUpdate: Date, nextUpdate: Date): boolean {
  return systemClock.now().getTime() > (thisUpdate.getTime() + nextUpdate.getTime()) / 2;
}

async function repeatUntil(
  signal: AbortSignal,
  everyMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    for await (const _ of every(everyMs, undefined, { signal, ref: false })) {
      await work().catch(onError);
    }
  } catch (error) {
    if (!signal.aborted) onError(error);
  }
}

function stationServer(instance: Instance, app: Koa): https.Server {
  const server = credentialPaths(instance.paths.credentials, 'server');
  const options: https.ServerOptions = {
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ca: readFileSync(server.ca),
    requestCert: true,
    // The refusal is a problem document of the application, which looks at `authorized` first.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  };
  return https.createServer(options, asListener(app));
}

function plainServer(app: Koa): http.Server {
  return http.createServer(asListener(app));
}

function asListener(app: Koa): http.RequestListener {
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

function listen(servers: http.Server[], server: http.Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new Unavailable('http', `cannot listen on ${address}:${port} (${cause.code})`, {
          outcome: 'not-applied',
          mend: 'end what uses the port, or choose another --port-base',
          cause,
        }),
      );
    });
    server.listen(port, address, () => {
      servers.push(server);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
