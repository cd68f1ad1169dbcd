import Koa from 'koa';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SignerPoolEvent, TokenReport } from '../../adapters/signer-pool/index.ts';
import type { PolicyState } from '../instance/policies-on-disk.ts';
import { isServiceError } from '../../services/errors.ts';

/** What the health page knows. */
export interface Health {
  /** Whether a SOD could be signed now. */
  readonly ready: boolean;
  /** Why not, one line each. */
  readonly reasons: readonly string[];
  /** What does not work although SODs can be signed, one line each. */
  readonly degraded: readonly string[];
  /** Those in use and those on disk, which take effect at the next start. */
  readonly policies: PolicyState;
}

/** What is read when someone asks. */
export interface Observed {
  readonly health: () => Health;
  readonly tokens: () => readonly TokenReport[];
  /** SODs being worked on. */
  readonly inFlight: () => number;
  /** Jobs that wait for a signer process. */
  readonly waiting: () => number;
}

/** Metrics in Prometheus' form and health, on loopback only. */
export class Operations {
  readonly #registry = new Registry();
  readonly #observed: Observed;
  readonly #healings: Counter<'token' | 'rung' | 'return_value' | 'outcome'>;
  readonly #sods: Counter<'outcome'>;
  readonly #sodSeconds: Histogram;

  constructor(observed: Observed) {
    this.#observed = observed;
    const { inFlight, waiting, tokens } = observed;
    const signers = () => tokens().reduce((sum, token) => sum + token.signers, 0);
    collectDefaultMetrics({ register: this.#registry, prefix: 'sigillo_' });
    this.#sods = new Counter({
      name: 'sigillo_sod_requests_total',
      help: 'Requests for a SOD by outcome',
      labelNames: ['outcome'],
      registers: [this.#registry],
    });
    this.#sodSeconds = new Histogram({
      name: 'sigillo_sod_seconds',
      help: 'Time from request to answer of a SOD',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [this.#registry],
    });
    const gauges: [string, string, () => number][] = [
      ['sigillo_sods_in_flight', 'SODs being worked on', inFlight],
      ['sigillo_signers_ready', 'Signer processes that take jobs', signers],
      ['sigillo_signer_jobs_waiting', 'Jobs that wait for a signer process', waiting],
    ];
    this.#healings = new Counter({
      name: 'sigillo_token_healings_total',
      help: 'Rungs of the ladder that were climbed to bring a token back',
      labelNames: ['token', 'rung', 'return_value', 'outcome'],
      registers: [this.#registry],
    });
    new Gauge({
      name: 'sigillo_token_ready',
      help: 'Whether a token takes jobs',
      labelNames: ['token'],
      registers: [this.#registry],
      collect() {
        for (const { name, isReady } of tokens()) this.set({ token: name }, Number(isReady));
      },
    });
    for (const [name, help, value] of gauges) {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(value());
        },
      });
    }
  }

  /** Counts the rungs of the ladder (docs/tokens.md). */
  observeSigner(event: SignerPoolEvent): void {
    const { token } = event;
    switch (event.kind) {
      case 'healing': {
        const { rung, because, failure } = event.healing;
        const outcome = failure === undefined ? 'climbed' : 'failed';
        this.#healings.inc({ token, rung, return_value: because, outcome });
        return;
      }
      case 'hung':
        this.#healings.inc({ token, rung: 'process', return_value: 'none', outcome: 'climbed' });
        return;
      case 'failed':
        this.#healings.inc({ token, rung: 'process', return_value: 'none', outcome: 'failed' });
        return;
      case 'takes-over':
        this.#healings.inc({ token, rung: 'other-token', return_value: 'none', outcome: 'climbed' });
        return;
      case 'ready':
      case 'ended':
      case 'takes-back':
    }
  }

  /** Counts and times one request for a SOD. */
  async observeSod<T extends { readonly isRepeat: boolean }>(work: () => Promise<T>): Promise<T> {
    const stop = this.#sodSeconds.startTimer();
    try {
      const done = await work();
      this.#sods.inc({ outcome: done.isRepeat ? 'repeated' : 'signed' });
      return done;
    } catch (error) {
      this.#sods.inc({ outcome: isServiceError(error) ? error.kind : 'broken' });
      throw error;
    } finally {
      stop();
    }
  }

  app(): Koa {
    const app = new Koa();
    app.use(async (ctx) => {
      switch (ctx.path) {
        case '/metrics':
          ctx.type = this.#registry.contentType;
          ctx.body = await this.#registry.metrics();
          return;
        case '/health/live':
          ctx.body = { live: true };
          return;
        case '/health/ready': {
          const health = this.#observed.health();
          ctx.status = health.ready ? 200 : 503;
          ctx.body = health;
          return;
        }
        case '/health/tokens':
          ctx.body = this.#observed.tokens();
          return;
        default:
          ctx.status = 404;
      }
    });
    return app;
  }
}
