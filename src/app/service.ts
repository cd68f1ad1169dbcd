import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type Koa from 'koa';
import type { Logger } from 'pino';
import { HttpWitness } from '../adapters/witness/index.ts';
import { decodeVerifierKey } from '../formats/log/verifier-key.ts';
import type { SignerPoolEvent } from '../adapters/signer-pool/index.ts';
import { AccessCertificates } from '../services/access/access-certificates.ts';
import { reasonForCrl } from '../services/crl/crl-due.ts';
import { publishCrl } from '../services/crl/publish-crl.ts';
import { Catalogue } from '../services/distribution/catalogue.ts';
import { Unavailable } from '../services/errors.ts';
import { Cosigner } from '../services/log/cosign-checkpoint.ts';
import type { Signer } from '../services/ports.ts';
import { proveInclusion } from '../services/log/prove.ts';
import { PublishedLog } from '../services/log/published-log.ts';
import { maintainKeys } from '../services/keys/maintain-keys.ts';
import { Border } from '../services/sod/check-sod.ts';
import { publishMasterList, reasonForMasterList } from '../services/masterlist/publish-master-list.ts';
import { DocumentSigners, isInUse, loadDocumentSigners } from '../services/sod/document-signers.ts';
import { SodService } from '../services/sod/sod-service.ts';
import { Distribution } from './http/distribution.ts';
import { type Health, Operations } from './http/operations.ts';
import { stationApi } from './http/station-api.ts';
import { logSettings } from './instance/configuration.ts';
import { credentialPaths } from './instance/credentials.ts';
import { establishLog, writeLogTrust } from './instance/establish-log.ts';
import { establishInstance, writeTrust } from './instance/establish-instance.ts';
import type { Instance } from './instance/load-instance.ts';
import { PoliciesOnDisk } from './instance/policies-on-disk.ts';
import { lockInstance, openInstance, type OpenInstance } from './instance/open-instance.ts';

/** A running service. */
export interface Service {
  readonly ports: { readonly station: number; readonly distribution: number; readonly operations: number };
  readonly health: () => Health;
  readonly signerPids: () => readonly number[];
  /** Ends it: no new requests, those under way are answered first. */
  close(): Promise<void>;
}

const reloadMs = 5_000;
/** How long a leaf may wait for a checkpoint. */
const checkpointMs = 2_000;
/** A token that hangs must not keep the service from ending. */
const sealMs = 2_000;
/** Stations keep their connections: a TLS handshake costs more than a signature. */
const keepAliveMs = 65_000;
const recoveryMs = 1_000;
const aMinute = 60_000;
/** Work that keeps failing is tried again after ever longer pauses, up to this. */
const longestPauseMs = 30_000;

/**
 * Starts the service of an instance: makes what it lacks, listens, completes what a crash left open, and
 * keeps distribution and CRL up to date. An instance that lacks nothing is served without a token too: it is
 * not ready then, and becomes so when the token comes back.
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
  let metrics: Operations | undefined;
  const open = openOrUnlock(instance, unlock, (event) => {
    logSignerEvent(log, event);
    metrics?.observeSigner(event);
  });
  const { records, signer, issuance } = open;
  const stop = new AbortController();
  const servers: Listening[] = [];
  /** Brings everything that was recorded under a checkpoint; there is no next time for a while. */
  let sealLog: (() => Promise<void>) | undefined;
  const end = async (): Promise<void> => {
    stop.abort();
    await Promise.all(servers.map((each) => closeServer(each, configuration.limits.deadlineMs)));
    await sealLog?.();
    open.close();
    unlock();
  };
  try {
    await records.issuance.recordPolicies(instance.policies);
    await establishInstance(instance, issuance, progress);
    const publisher = await establishLog(instance, open, progress);
    const documentSigners = new DocumentSigners(
      await loadDocumentSigners(records.issuance, instance.policies),
      new Map(configuration.keys.documentSigners.map(({ profile, count }) => [profile, count ?? 1])),
      configuration.keys.documentSigners.flatMap(
        ({ profile }) => instance.policies.profiles.get(profile)?.extensions.documentTypeList?.types ?? [],
      ),
    );
    const border = new Border(issuance);
    const { deadlineMs } = configuration.limits;
    const sods = new SodService({
      records: records.sods,
      signer,
      clock: records.clock,
      policies: instance.policies,
      documentSigners,
      check: (efSod, intent, documentSigner) => border.check(efSod, intent, documentSigner),
      deadlineMs,
      longestDeadlineMs: configuration.limits.longestDeadlineMs ?? Math.max(deadlineMs, aMinute),
      maxInFlight: configuration.limits.maxInFlight,
      maxInFlightPerStation: configuration.limits.maxInFlightPerStation,
    });
    const isDevelopment = configuration.environment === 'development';
    const { state } = configuration;
    const logOptions = logSettings(configuration);
    const transparencyLog = new PublishedLog(records.log, records.clock, logOptions.cosignatures);
    await transparencyLog.refresh();
    const distribution = new Distribution({ state, isDevelopment, transparencyLog, log });
    const catalogue = new Catalogue(issuance);
    const access = new AccessCertificates(issuance);
    let known: string | undefined;
    const republish = async () => {
      records.clock.reload();
      const version = await records.issuance.version();
      if (version !== known) {
        // Whoever's access certificate was revoked is let in no more, on an open connection either.
        await access.reload();
        // A revoked Document Signer is out of use before the border learns of it.
        documentSigners.replace(await loadDocumentSigners(records.issuance, instance.policies));
        known = version;
      }
      await border.reload();
      distribution.publish(await catalogue.current());
    };
    await republish();
    const policies = new PoliciesOnDisk(configuration.policies, instance.policies.digest);
    const health = (): Health => {
      const at = records.clock.now();
      const reasons = [
        ...(signer.isReady ? [] : [signer.failure?.message ?? 'no signer process is ready yet']),
        ...(records.failure === undefined ? [] : [records.failure.message]),
        ...(records.clockFault === undefined ? [] : [records.clockFault.message]),
        ...(sods.broken === undefined ? [] : [`an invariant is broken: ${sods.broken.message}`]),
        ...reasonsOfSigners(documentSigners, signer, at),
      ];
      const degraded = [
        ...(policies.difference === undefined ? [] : [policies.difference]),
        ...signer.tokens
          .filter(({ isReady }) => !isReady)
          .map(({ name, failure }) => `token ${name}: ${failure ?? 'no signer process is ready'}`),
        ...typesOutOfReach(documentSigners, signer, at).map(
          (type) => `documents of type ${type} cannot be signed: no key for them is within reach`,
        ),
      ];
      return { ready: reasons.length === 0, reasons, degraded, policies: policies.state };
    };
    const operations = new Operations({
      health,
      tokens: () => signer.tokens,
      inFlight: () => sods.inFlight,
      waiting: () => signer.waiting,
    });
    metrics = operations;
    const stations = stationApi({
      sods,
      access,
      log,
      metrics: operations,
      mrzCode: state.mrzCode,
      maxBodyOctets: configuration.limits.maxBodyOctets,
      maxInFlight: configuration.limits.maxInFlight,
      prove: (leaf) => {
        const { head } = transparencyLog;
        return head !== undefined && leaf < head.size ? proveInclusion(records.log, leaf, head) : undefined;
      },
      stopping: stop.signal,
    });

    const { address, portBase } = configuration.http;
    const ports = {
      station: await listen(servers, stationServer(instance, stations), portBase, address),
      distribution: await listen(servers, plainServer(distribution.app()), portBase + 3, address),
      operations: await listen(servers, plainServer(operations.app()), portBase + 4, '127.0.0.1'),
    };
    const renewCrl = async (report: (doing: string) => void): Promise<void> => {
      const reason = await reasonForCrl(issuance);
      if (reason === undefined) return;
      report(`CRL, because ${reason}`);
      // Whoever it names has begun nothing after it; what was begun before is checked against it from here on.
      await republish();
      await publishCrl(issuance);
      await border.reload();
      await writeTrust(instance, issuance);
    };
    const renewMasterList = async (report: (doing: string) => void): Promise<void> => {
      const reason = await reasonForMasterList(issuance);
      if (reason === undefined) return;
      report(`master list, because ${reason}`);
      await publishMasterList(issuance);
      await republish();
    };
    const repeat = (everyMs: number, what: string, work: () => Promise<unknown>): void => {
      const onError = (err: unknown) => log.error({ err }, `${what} failed`);
      repeatUntil(stop.signal, everyMs, work, onError).catch(onError);
    };
    repeat(reloadMs, 'publishing', republish);
    repeat(reloadMs, 'maintaining keys and CRL', async () => {
      if (!signer.isReady) return;
      const report = (doing: string) => log.info({ doing }, 'maintenance');
      try {
        const changed = await maintainKeys({ ...issuance, sods: records.sods }, configuration.keys, report);
        // A key that takes over from one that is nearly used up must sign before that one is.
        if (changed) await republish();
      } finally {
        // A key that may not be made is no reason to let the CRL run out.
        await renewCrl(report);
        await renewMasterList(report);
      }
    });
    repeat(reloadMs, 'looking at the policies', async () => {
      if (!policies.look()) return;
      const { difference } = policies;
      if (difference !== undefined) log.warn(policies.state, difference);
      else log.info(policies.state, 'the policies on disk are again those in use');
    });
    repeat(checkpointMs, 'publishing the log', async () => {
      if (!signer.isReady) return;
      await publisher.publish((making) => log.info({ doing: making }, 'maintenance'));
      await transparencyLog.refresh();
      writeLogTrust(instance, records);
    });
    for (const { vkey, url } of logOptions.witnesses) {
      const witness = new HttpWitness(decodeVerifierKey(vkey), url, logOptions.witnessDeadlineMs);
      const cosigner = new Cosigner(witness, records.log);
      repeat(checkpointMs, `asking ${witness.key.name} to cosign`, async () => {
        if (await cosigner.cosign()) await transparencyLog.refresh();
      });
    }
    repeat(reloadMs, 'looking for keys', async () => {
      const isMissing = reasonsOfSigners(documentSigners, signer, records.clock.now()).length > 0;
      if (signer.isReady && isMissing) signer.lookAgain();
    });
    repeat(recoveryMs, 'completing open SODs', async () => {
      if (!signer.isReady || sods.broken !== undefined) return;
      const completed = await sods.completeOpenIntents();
      if (completed > 0)
        log.warn({ completed }, 'SODs that a crash or a lost signer left open were completed');
    });
    repeat(recoveryMs, 'writing to the records', async () => {
      if (records.failure !== undefined) await records.probe();
    });
    sealLog = async () => {
      if (!signer.isReady) return;
      const sealed = publisher
        .publish(() => undefined)
        .catch((err: unknown) => {
          log.warn({ err }, 'the last leaves are under no checkpoint yet');
        });
      await Promise.race([sealed, sleep(sealMs, undefined, { ref: false })]);
    };
    log.info({ ports }, 'serving');
    return { ports, health, signerPids: () => signer.pids, close: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function reasonsOfSigners(signers: DocumentSigners, signer: Signer, at: Date): readonly string[] {
  const inUse = [...signers].filter((entry) => isInUse(entry, at));
  if (inUse.length === 0) return ['no Document Signer is in its private key usage period'];
  if (inUse.some(({ keyId }) => signer.holds(keyId))) return [];
  return ['no key of a Document Signer in use is on a token that works'];
}

function typesOutOfReach(signers: DocumentSigners, signer: Signer, at: Date): readonly string[] {
  const canSign = (keyId: string) => signer.holds(keyId);
  return signers.documentTypes.filter((type) => {
    const entry = signers.active(type, at, canSign);
    return entry === undefined || !canSign(entry.keyId);
  });
}

async function repeatUntil(
  signal: AbortSignal,
  everyMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  let pauseMs = everyMs;
  while (!signal.aborted) {
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await work();
      pauseMs = everyMs;
    } catch (error) {
      onError(error);
      pauseMs = Math.min(pauseMs * 2, Math.max(longestPauseMs, everyMs));
    }
  }
}

/** The lock is given back when the records cannot be opened. */
function openOrUnlock(
  instance: Instance,
  unlock: () => void,
  onEvent: (event: SignerPoolEvent) => void,
): OpenInstance {
  try {
    return openInstance(instance, { onEvent });
  } catch (error) {
    unlock();
    throw error;
  }
}

function logSignerEvent(log: Logger, event: SignerPoolEvent): void {
  const { kind, token } = event;
  if (kind === 'failed') {
    log.warn({ token, err: event.error, retryMs: event.retryMs }, 'signer failed to start');
  } else if (kind === 'healing' || kind === 'hung' || kind === 'takes-over')
    log.warn(event, `signer ${kind}`);
  else log.info(event, `signer ${kind}`);
}

function stationServer(instance: Instance, stationApi: http.RequestListener): https.Server {
  const server = credentialPaths(instance.paths.credentials, 'server');
  const options: https.ServerOptions = {
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ca: readFileSync(server.ca),
    requestCert: true,
    // The refusal is a problem document of the application, which looks at `authorized` first.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    // A station that has ended its side after its last line still gets its answers.
    allowHalfOpen: true,
  };
  const stations = https.createServer(options, stationApi);
  stations.keepAliveTimeout = keepAliveMs;
  // A batch takes as long as it takes; single bodies and silence have limits of their own.
  stations.requestTimeout = 0;
  // The same once more, for HTTP; @types/node does not know it.
  Object.assign(stations, { httpAllowHalfOpen: true });
  return stations;
}

function plainServer(app: Koa): http.Server {
  return http.createServer(asListener(app));
}

function asListener(app: Koa): http.RequestListener {
  const handle = app.callback();
  return (request, response) => void handle(request, response);
}

/** A server with its connections, also those on which no request has come yet. */
interface Listening {
  readonly server: http.Server;
  readonly sockets: ReadonlySet<Socket>;
}

function listen(servers: Listening[], server: http.Server, port: number, address: string): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
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
      servers.push({ server, sockets });
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Connections that are answered their last request become idle, and are closed then. One that is not by the time in
 * which every request is answered has nobody at its other end, or somebody who sends and sends.
 */
function closeServer({ server, sockets }: Listening, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const closing = setInterval(() => server.closeIdleConnections(), 50);
    const cutting = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, deadlineMs);
    server.close(() => {
      clearInterval(closing);
      clearTimeout(cutting);
      resolve();
    });
    server.closeIdleConnections();
  });
}
