import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../instance/load-instance.ts';
import type { Chance } from './chance.ts';
import type { FaultyModule } from './faulty-module.ts';
import type { FullDisk } from './full-disk.ts';
import { Operator } from './operator.ts';
import type { Disturbance } from './plan.ts';
import { ServedInstance } from './served-instance.ts';

/** Disturbances come within so many milliseconds of full load, or of a start. */
const withinMs = 600;
/** Faults and full disks last for up to so long. */
const lastsMs = 2_000;
/** What the token has signed by the end of a fault is examined by the service within so many milliseconds. */
const examinedWithinMs = 2_000;

export interface DisturberParts {
  readonly instance: Instance;
  readonly disk: FullDisk;
  /** Undefined where the token is used without a module in between. */
  readonly module: FaultyModule | undefined;
  /** Called with the service dead, before the next one is started. */
  readonly onKilled: () => void;
  /** Something is not as it must be. */
  readonly onFailure: (detail: string) => void;
}

/** Does to the service what a step says. Afterwards the service is running, if not yet ready. */
export class Disturber {
  readonly #parts: DisturberParts;
  readonly #operator: Operator;
  readonly #done = new Map<string, number>();
  #served: ServedInstance;
  /** Since all was answered last: the token may have signed wrongly, the service was started again, it answered 500. */
  #mayBeBroken = false;
  #hasRestarted = false;
  #excused = 0;
  #restarts = 0;

  constructor(parts: DisturberParts) {
    this.#parts = parts;
    this.#operator = new Operator(parts.instance);
    this.#served = this.#serve();
  }

  get served(): ServedInstance {
    return this.#served;
  }

  /** How often each was done. */
  get totals(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#done].toSorted(([one], [other]) => one.localeCompare(other)));
  }

  async disturb(disturbance: Disturbance, chance: Chance): Promise<void> {
    await sleep(chance.below(withinMs));
    const done = await this.#disturb(disturbance, chance);
    const name = done ? disturbance : `${disturbance} (nothing to be done it to)`;
    this.#done.set(name, (this.#done.get(name) ?? 0) + 1);
  }

  /** Starts of the service by hand, which signs no more once it has found a wrong signature. */
  get restarts(): number {
    return this.#restarts;
  }

  /** @returns whether SODs can be signed; what a wrong signature has stopped is started again, as an operator does */
  async untilReady(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (await this.#served.untilReady(signal)) return true;
      if (!this.#mayBeBroken || !(await this.#served.isBroken())) return false;
      await this.#endService();
      this.#hasRestarted = true;
      this.#restarts += 1;
    }
  }

  /** Whether the service may have answered 500: the token has made, or may have made, a wrong signature. */
  excusesError(): boolean {
    this.#excused += Number(this.#mayBeBroken);
    return this.#mayBeBroken;
  }

  /** All that was sent meanwhile is answered. */
  expectNoMoreErrors(): void {
    if (this.#excused > 0 && !this.#hasRestarted) {
      this.#parts.onFailure(`${this.#excused} requests were answered 500, and the service goes on signing`);
    }
    [this.#mayBeBroken, this.#hasRestarted, this.#excused] = [false, false, 0];
  }

  killNow(): void {
    this.#served.killNow();
    this.#operator.killNow();
  }

  /** @returns whether there was anything to do it to */
  #disturb(disturbance: Disturbance, chance: Chance): Promise<boolean> {
    switch (disturbance) {
      case 'kill-service':
        return this.#killService(0);
      case 'kill-while-starting':
        return this.#killService(1 + chance.below(2_000));
      case 'end-service':
        return this.#endService();
      case 'kill-signer':
        return this.#signal(chance, 'SIGKILL');
      case 'stop-signers':
        return this.#stopSigners(chance);
      case 'token-fault':
        return this.#failToken(chance);
      case 'full-disk':
        return this.#fillDisk(chance);
      case 'renew-document-signer':
        return this.#operate(chance, undefined);
      case 'kill-command':
        return this.#killCommand(chance);
    }
  }

  /** @param againAfterMs once more after so long, while it is starting; not again where 0 */
  async #killService(againAfterMs: number): Promise<boolean> {
    await this.#served.kill();
    this.#parts.onKilled();
    this.#served = this.#serve();
    if (againAfterMs === 0) return true;
    await sleep(againAfterMs);
    return this.#killService(0);
  }

  async #endService(): Promise<boolean> {
    const endedWell = await this.#served.endOrKill();
    if (!endedWell)
      this.#parts.onFailure(`the service did not end on SIGTERM; its last words: ${this.#served.lastWords}`);
    this.#parts.onKilled();
    this.#served = this.#serve();
    return true;
  }

  async #signal(chance: Chance, signal: 'SIGKILL'): Promise<boolean> {
    const { signerPids } = this.#served;
    return signerPids.length > 0 && sendSignal(chance.oneOf(signerPids), signal);
  }

  /** Hangs one signer or all of them, for longer than the service waits or not. */
  async #stopSigners(chance: Chance): Promise<boolean> {
    const { signerPids } = this.#served;
    const [first] = signerPids;
    if (first === undefined) return false;
    const stopped = chance.happens(50) ? [first] : signerPids;
    for (const pid of stopped) sendSignal(pid, 'SIGSTOP');
    await sleep(chance.below(2 * this.#parts.instance.configuration.limits.deadlineMs));
    for (const pid of stopped) sendSignal(pid, 'SIGCONT');
    return true;
  }

  async #failToken(chance: Chance): Promise<boolean> {
    const { module } = this.#parts;
    if (module === undefined) return false;
    this.#mayBeBroken = module.fail(chance);
    await sleep(chance.below(lastsMs));
    module.heal();
    if (this.#mayBeBroken) await sleep(examinedWithinMs);
    return true;
  }

  async #fillDisk(chance: Chance): Promise<boolean> {
    const { disk } = this.#parts;
    if (disk.means === undefined) return false;
    const { pid } = this.#served;
    disk.fill(pid);
    await sleep(chance.below(lastsMs));
    disk.free(pid);
    return true;
  }

  async #operate(chance: Chance, killAfterMs: number | undefined): Promise<boolean> {
    const failure = await this.#operator.renewDocumentSigner(chance, killAfterMs);
    if (failure !== undefined) this.#parts.onFailure(failure);
    return true;
  }

  /** What the command has begun is completed when the service starts the next time. */
  async #killCommand(chance: Chance): Promise<boolean> {
    await this.#operate(chance, chance.below(2_000));
    return this.#endService();
  }

  #serve(): ServedInstance {
    const { paths, configuration } = this.#parts.instance;
    return new ServedInstance(paths.home, configuration.http.portBase);
  }
}

/** @returns false when it had ended already */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
