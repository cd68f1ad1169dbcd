import Koa from 'koa';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isServiceError } from '../../services/errors.ts';

/** What the health page knows. */
export interface Health {
  /** Whether a SOD could be signed now. */
  readonly ready: boolean;
  /** Why not, one line each. */
  readonly reasons: readonly string[];
}

/** Metrics in Prometheus' form and health, on loopback only. */
export class Operations {
  readonly #registry = new Registry();
  readonly #health: () => Health;
  readonly #sods: Counter<'outcome'>;
  readonly #sodSeconds: Histogram;

  constructor(health: () => Health, inFlight: () => number, signers: () => number) {
    this.#health = health;
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
    ];
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
          const health = this.#health();
          ctx.status = health.ready ? 200 : 503;
          ctx.body = health;
          return;
        }
        default:
          ctx.status = 404;
      }
    });
    return app;
  }
}
