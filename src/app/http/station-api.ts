import type { RequestListener } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import type { Logger } from 'pino';
import { dataGroupViolation } from '../../rules/sod/data-group-rules.ts';
import type { AccessCertificates } from '../../services/access/access-certificates.ts';
import { Refused } from '../../services/errors.ts';
import type { RecordedSod } from '../../services/ports.ts';
import type { SignedSod, SodCaller, SodService } from '../../services/sod/sod-service.ts';
import { type CallerState, holderInRole, requireRole } from './authentication.ts';
import { BatchShares } from './batch-shares.ts';
import { requireMediaType } from './media-type.ts';
import { stationOpenApi } from './openapi.ts';
import type { Operations } from './operations.ts';
import { waitPreferenceMs } from './prefer.ts';
import { HttpProblem } from './problem.ts';
import { orProblem, problems } from './problems.ts';
import { readJson } from './read-json.ts';
import { SodBatch } from './sod-batch.ts';
import { type ParsedSodRequest, parseRequestId, parseSodRequest, sodJson } from './sod-request.ts';

export interface StationApiDeps {
  readonly sods: SodService;
  readonly access: AccessCertificates;
  readonly log: Logger;
  readonly metrics: Operations;
  /** The issuer's code as in the MRZ. */
  readonly mrzCode: string;
  readonly maxBodyOctets: number;
  /** What the service works on at a time. */
  readonly maxInFlight: number;
  /** That a leaf is in the log (C2SP tlog-proof); undefined before the published checkpoint covers it. */
  readonly prove: (leaf: number) => Uint8Array | undefined;
  /** Aborted when the service ends. */
  readonly stopping: AbortSignal;
}

/** A batch whose station neither sends nor reads for so long ends: as long as a connection may idle. */
const silenceMs = 65_000;

/** The API of personalisation stations (mTLS). Where single orders go past Koa's middleware, nothing else differs. */
export function stationApi(deps: StationApiDeps): RequestListener {
  const router = new Router<CallerState>();
  const station = requireRole(deps.access, ['station']);
  const openApi = JSON.stringify(stationOpenApi());
  const shares = new BatchShares(deps.maxInFlight, () => deps.sods.freePlaces);

  const sign = async (body: unknown, caller: SodCaller): Promise<SignedSod> => {
    const order = parseSodRequest(body);
    assertDataGroups(order, deps.mrzCode);
    return deps.metrics.observeSod(() => deps.sods.sign(order.request, caller));
  };

  /** How long the caller will wait, and what is told him of it. */
  const deadlineOf = (ctx: Koa.Context): number | undefined => {
    const deadlineMs = waitPreferenceMs(ctx);
    if (deadlineMs === undefined) return undefined;
    ctx.set('Preference-Applied', `wait=${Math.round(deps.sods.boundedDeadlineMs(deadlineMs) / 1_000)}`);
    return deadlineMs;
  };

  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json';
    ctx.body = openApi;
  });

  const signOne = async (ctx: Koa.Context): Promise<void> => {
    const { name } = await holderInRole(deps.access, ['station'], ctx);
    const deadlineMs = deadlineOf(ctx);
    const lane = { name: `station ${name}`, isBounded: true };
    const { sod, isRepeat } = await sign(await readJson(ctx, deps.maxBodyOctets), { lane, deadlineMs });
    ctx.status = isRepeat ? 200 : 201;
    answer(ctx, sod);
  };

  router.post('/v1/sods', signOne);

  router.post('/v1/sods/batch', station, (ctx) => {
    requireMediaType(ctx, 'application/x-ndjson', 'application/jsonl');
    const deadlineMs = deadlineOf(ctx);
    const { name } = ctx.state.caller;
    const share = shares.join(name);
    // The batch bounds itself by its share, and its lines wait apart from the station's single requests.
    const caller: SodCaller = { lane: { name: `batches of ${name}`, isBounded: false }, deadlineMs };
    const signLine = (order: unknown) => sign(order, caller);
    // From here on the batch writes the answer, not Koa.
    ctx.respond = false;
    ctx.status = 200;
    ctx.type = 'application/x-ndjson';
    const { log, stopping, maxBodyOctets: maxLineOctets } = deps;
    const { assertAllowed } = ctx.state;
    new SodBatch(ctx.req, ctx.res, {
      sign: signLine,
      maxLineOctets,
      share,
      assertAllowed,
      stopping,
      silenceMs,
      log,
    });
  });

  const find = async (text: unknown): Promise<RecordedSod> => {
    const requestId = parseRequestId(text);
    const sod = await deps.sods.find(requestId);
    if (sod !== undefined) return sod;
    throw new Refused('not-found', `no SOD was signed under request id ${requestId}`, {
      field: 'requestId',
      mend: 'send the order with POST /v1/sods',
    });
  };

  router.get('/v1/sods/:requestId', station, async (ctx) => {
    answer(ctx, await find(ctx.params['requestId']));
  });

  router.get('/v1/sods/:requestId/proof', requireRole(deps.access, ['station', 'auditor']), async (ctx) => {
    const { requestId, logLeaf } = await find(ctx.params['requestId']);
    const proof = deps.prove(logLeaf);
    if (proof === undefined) throw noCheckpointYet(requestId, logLeaf);
    ctx.type = 'text/plain; charset=utf-8';
    ctx.body = Buffer.from(proof);
  });

  const app = new Koa();
  app.use(problems(deps.log));
  app.use(router.routes());
  app.use(router.allowedMethods());
  app.on('error', (error: unknown) => deps.log.debug({ err: error }, 'connection ended early'));
  const handle = app.callback();
  const routed: RequestListener = (request, response) => void handle(request, response);
  const direct = withoutMiddleware(app, deps.log, signOne);
  return (request, response) => {
    // However else the path may be written, the router knows it.
    if (request.method === 'POST' && request.url === '/v1/sods') direct(request, response);
    else routed(request, response);
  };
}

/**
 * Answers as Koa would with `problems` and a router around the route: on a context of Koa's, with its reading of
 * headers and its settings of the answer, but without what these cost each request (decision 0026).
 */
function withoutMiddleware(
  app: Koa,
  log: Logger,
  route: (ctx: Koa.Context) => Promise<void>,
): RequestListener {
  const answerTo = async (ctx: Koa.Context): Promise<void> => {
    try {
      await orProblem(ctx, log, () => route(ctx));
      ctx.res.end(ctx.writable ? ctx.body : undefined);
    } catch (error) {
      ctx.onerror(error as Error);
    }
  };
  return (request, response) => void answerTo(app.createContext(request, response));
}

/** The signer's next checkpoint comes within seconds, a cosigner's word some later. */
function noCheckpointYet(requestId: string, leaf: number): HttpProblem {
  return new HttpProblem({
    type: 'no-checkpoint-yet',
    title: 'Not under a checkpoint yet',
    status: 409,
    detail: `the SOD of ${requestId} is leaf ${leaf} of the log, which no published checkpoint covers yet`,
    field: 'requestId',
    rule: 'log-checkpoint',
    source: 'C2SP tlog-proof',
    mend: 'ask again after Retry-After',
    retryAfter: 2,
  });
}

function assertDataGroups({ request, dataGroups }: ParsedSodRequest, mrzCode: string): void {
  const violation = dataGroupViolation(dataGroups, { ...request, mrzCode });
  if (violation !== undefined) throw new Refused('policy', violation.detail, violation);
}

function answer(ctx: Koa.Context, sod: RecordedSod): void {
  if (ctx.accepts('application/json', 'application/octet-stream') === 'application/octet-stream') {
    ctx.type = 'application/octet-stream';
    ctx.set('Sigillo-Document-Signer', sod.documentSigner);
    ctx.set('Sigillo-Log-Leaf', String(sod.logLeaf));
    ctx.body = Buffer.from(sod.efSod);
    return;
  }
  ctx.type = 'application/json';
  ctx.body = sodJson(sod);
}
