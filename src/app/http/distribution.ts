import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { Artefact, Published } from '../../services/distribution/catalogue.ts';
import type { LogFile, PublishedLog } from '../../services/log/published-log.ts';
import { distributionPage } from './distribution-page.ts';
import { HttpProblem } from './problem.ts';
import { problems } from './problems.ts';

export interface DistributionDeps {
  readonly state: IssuingState;
  readonly isDevelopment: boolean;
  readonly transparencyLog: PublishedLog;
  readonly log: Logger;
}

interface Representation {
  readonly body: Buffer;
  readonly mediaType: string;
  readonly etag: string;
  readonly lastModified: Date;
  readonly cacheControl: string;
  readonly contentEncoding?: 'gzip';
  readonly vary?: 'Accept-Encoding';
}

/** Seconds that a relying party may keep what can be replaced at any time, such as a CRL. */
const changing = 'public, max-age=300';
const namedByDigest = 'public, max-age=86400';
/** Tiles of the log (C2SP tlog-tiles, Merkle Tree). */
const immutable = 'public, max-age=31536000, immutable';
/** A checkpoint: asked for anew each time. */
const mutable = 'public, no-cache';

/** Where the log is published. */
const logPrefix = '/log/';
const gzipped = promisify(gzip);

/** The page runs nothing, loads nothing and is framed by nobody; its style stands in it. */
const contentSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The public distribution: plain HTTP, read-only, served from memory; the log from the records. */
export class Distribution {
  readonly #deps: DistributionDeps;
  #byPath: ReadonlyMap<string, Representation> = new Map();
  #published: Published | undefined;

  constructor(deps: DistributionDeps) {
    this.#deps = deps;
  }

  /** Publishes a catalogue in place of the one before, all of it at once. */
  publish(published: Published): void {
    if (published === this.#published) return;
    this.#published = published;
    const { artefacts } = published;
    const byPath = new Map<string, Representation>();
    for (const artefact of artefacts) {
      const representation = represent(artefact);
      for (const path of [artefact.path, ...artefact.aliases]) byPath.set(path, representation);
    }
    const newest = new Date(Math.max(0, ...artefacts.map(({ issuedAt }) => issuedAt.getTime())));
    byPath.set('/index.json', index(published, this.#deps, newest));
    byPath.set('/', page(published, this.#deps, newest));
    this.#byPath = byPath;
  }

  app(): Koa {
    const app = new Koa();
    app.use(problems(this.#deps.log));
    app.use(async (ctx) => {
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
        ctx.set('Allow', 'GET, HEAD');
        throw notAllowed(ctx.method);
      }
      const found = this.#byPath.get(ctx.path) ?? (await this.#logFile(ctx));
      if (found === undefined) throw notPublished(ctx.path);
      ctx.type = found.mediaType;
      ctx.etag = found.etag;
      ctx.lastModified = found.lastModified;
      ctx.set('Cache-Control', found.cacheControl);
      if (found.vary !== undefined) ctx.set('Vary', found.vary);
      if (found.contentEncoding !== undefined) ctx.set('Content-Encoding', found.contentEncoding);
      ctx.set('X-Content-Type-Options', 'nosniff');
      if (found.mediaType.startsWith('text/html')) {
        ctx.set('Content-Security-Policy', contentSecurityPolicy);
      }
      if (hasAlready(ctx, found)) ctx.status = 304;
      else ctx.body = found.body;
    });
    return app;
  }

  async #logFile(ctx: Koa.Context): Promise<Representation | undefined> {
    if (!ctx.path.startsWith(logPrefix)) return undefined;
    const found = this.#deps.transparencyLog.find(ctx.path.slice(logPrefix.length));
    if (found === undefined) return undefined;
    return ctx.acceptsEncodings('gzip', 'identity') === 'gzip' && found.isCompressible
      ? compressed(found)
      : representLogFile(found);
  }
}

/**
 * Whether the caller has this representation: by its entity tag, or by its date where no tag was sent; where
 * both were, the date does not count (RFC 9110 §13.1.3).
 */
function hasAlready(ctx: Koa.Context, { etag, lastModified }: Representation): boolean {
  const tags = ctx.get('If-None-Match');
  if (tags === '') {
    const since = Date.parse(ctx.get('If-Modified-Since'));
    return Math.floor(lastModified.getTime() / 1000) * 1000 <= since;
  }
  const isThis = (tag: string) => tag === '*' || tag.replace(/^W\//, '') === `"${etag}"`;
  return tags.split(',').some((tag) => isThis(tag.trim()));
}

function represent(artefact: Artefact): Representation {
  const isNamedByDigest = artefact.path.includes(artefact.sha256);
  return {
    body: Buffer.from(artefact.octets),
    mediaType: artefact.mediaType,
    etag: artefact.sha256,
    lastModified: artefact.issuedAt,
    cacheControl: isNamedByDigest ? namedByDigest : changing,
  };
}

function representLogFile({ octets, mediaType, sha256, ...file }: LogFile): Representation {
  return {
    body: Buffer.from(octets),
    mediaType,
    etag: sha256,
    lastModified: file.lastModified,
    cacheControl: file.isImmutable ? immutable : mutable,
    ...(file.isCompressible ? { vary: 'Accept-Encoding' } : {}),
  };
}

/** Another representation, so another entity tag (RFC 9110 §8.8.3.3). */
async function compressed(file: LogFile): Promise<Representation> {
  const plain = representLogFile(file);
  const body = await gzipped(plain.body);
  return { ...plain, body, etag: `${plain.etag}-gzip`, contentEncoding: 'gzip' };
}

function index(
  { artefacts, rollover }: Published,
  { state, isDevelopment, transparencyLog }: DistributionDeps,
  lastModified: Date,
): Representation {
  const entries = artefacts.map((artefact) => ({
    kind: artefact.kind,
    path: artefact.path,
    title: artefact.title,
    mediaType: artefact.mediaType,
    octets: artefact.octets.length,
    sha256: artefact.sha256,
    issuedAt: artefact.issuedAt,
    validFrom: artefact.validFrom,
    validUntil: artefact.validUntil ?? null,
    nextUpdate: artefact.nextUpdate ?? null,
  }));
  const { country, mrzCode, organization } = state;
  const issuer = { country, mrzCode, organization };
  const { verifierKeys } = transparencyLog;
  const [vkey] = verifierKeys;
  const published = {
    issuer,
    development: isDevelopment,
    log: vkey === undefined ? null : { vkey, vkeys: verifierKeys, checkpoint: `${logPrefix}checkpoint` },
    rollover:
      rollover === undefined ? null : { announcedAt: rollover.announcedAt, notBefore: rollover.notBefore },
    artefacts: entries,
  };
  const text = `${JSON.stringify(published, null, 2)}\n`;
  return textual('application/json; charset=utf-8', text, lastModified);
}

function page(published: Published, deps: DistributionDeps, lastModified: Date): Representation {
  const text = distributionPage(published, deps);
  return textual('text/html; charset=utf-8', text, lastModified);
}

function textual(mediaType: string, text: string, lastModified: Date): Representation {
  const body = Buffer.from(text);
  const etag = createHash('sha256').update(body).digest('hex');
  return { body, mediaType, etag, lastModified, cacheControl: changing };
}

function notPublished(path: string): HttpProblem {
  return new HttpProblem({
    type: 'not-found',
    title: 'Not published',
    status: 404,
    detail: `nothing is published at ${path}`,
    mend: 'see /index.json for everything that is',
  });
}

function notAllowed(method: string): HttpProblem {
  return new HttpProblem({
    type: 'method-not-allowed',
    title: 'Read only',
    status: 405,
    detail: `${method} is not possible here`,
    mend: 'use GET or HEAD',
  });
}
