import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import graphene from 'graphene-pk11';
import { InvariantBroken, isServiceError, Unavailable } from '../src/services/errors.ts';
import { findSlot, type TokenName } from './find-slot.ts';
import { initialiseArguments } from './initialise-arguments.ts';
import { logIn } from './log-in.ts';
import { remedyFor, returnValueOf, unavailableToken } from './pkcs11-error.ts';
import { type Quirks, quirksOf } from './token-quirks.ts';
import { CallRecorder } from './trace/call-recorder.ts';
import { recordCalls } from './trace/record-calls.ts';

export interface TokenConfiguration extends TokenName {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  /** Path of the file with the user PIN. */
  readonly pinFile: string;
  /** Operations that may be under way at a time, each on a session of its own; 1 where it is not given. */
  readonly sessions?: number | undefined;
  /** What the module is told when it is initialised, where it takes something (NSS). */
  readonly libraryParameters?: string | undefined;
  /** Folder for the flight recorder; without it, calls are not recorded. */
  readonly traceFolder?: string | undefined;
}

/** The rungs that are climbed inside the process; above them are a new process and another token. */
const rungs = ['session', 'login', 'reinitialise'] as const;
export type Rung = (typeof rungs)[number];

/** A rung that was climbed, for the log and the metrics. */
export interface Healing {
  readonly rung: Rung;
  /** The return value that asked for it. */
  readonly because: string;
  /** Why it did not help, if it failed itself. */
  readonly failure?: string;
}

/** More often than this, `C_Finalize` does not help: then a new process is next. */
const reinitialiseEveryMs = 5_000;

/**
 * Before the token is looked for again; by chance besides, so that several processes do not meet in each attempt.
 * SoftHSM writes the token's file with every login, and a process that reads it at that moment sees no token, or one
 * without a PIN: of two that did nothing but to initialise and log in, each met this in more than a third of its
 * attempts.
 */
const pausesMs = [20, 40, 80] as const;
const nothing = new Int32Array(new SharedArrayBuffer(4));

interface OpenedToken {
  readonly slot: graphene.Slot;
  /** Logged in. */
  readonly session: graphene.Session;
}

/**
 * The sessions of one process with one token. Each is lent for one operation at a time and thrown away after any
 * error. One more session stays open and does nothing, because the last one that is closed logs the process out.
 */
export class TokenConnection {
  readonly #configuration: TokenConfiguration;
  readonly #module: graphene.Module;
  readonly #onHealing: (healing: Healing) => void;
  readonly quirks: Quirks;
  #slot: graphene.Slot;
  #loggedIn: graphene.Session;
  #idle: graphene.Session[] = [];
  #lent = 0;
  readonly #waiting: (() => void)[] = [];
  /** Grows with each login and each initialisation: who failed before the last one need not ask for another. */
  #generation = { login: 0, reinitialise: 0 };
  #reinitialising: Promise<void> | undefined;
  #reinitialisedAt = Number.NEGATIVE_INFINITY;
  #isLost = false;

  /**
   * Loads the module, finds the token and logs in, with one attempt at the PIN.
   *
   * @throws Unavailable when the module does not load, the name fits no token or two, or the PIN is refused
   */
  constructor(configuration: TokenConfiguration, onHealing: (healing: Healing) => void) {
    this.#configuration = configuration;
    this.#onHealing = onHealing;
    this.#module = asUnavailable(`loading PKCS#11 module ${configuration.module}`, () => {
      const module = graphene.Module.load(configuration.module);
      const { traceFolder } = configuration;
      if (traceFolder !== undefined) recordCalls(module.lib, new CallRecorder(traceFolder));
      module.initialize(initialiseArguments(configuration.libraryParameters));
      return module;
    });
    const opened = this.#openPatiently();
    this.#slot = opened.slot;
    this.#loggedIn = opened.session;
    this.quirks = asUnavailable('reading the token', () => quirksFor(opened.slot));
  }

  /** Nothing helps any more but a new process. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get sessions(): number {
    return this.#configuration.sessions ?? 1;
  }

  get slot(): graphene.Slot {
    return this.#slot;
  }

  /** Lends a session for one operation; waits while all are lent or the module is being initialised again. */
  async lend<T>(operation: (session: graphene.Session) => T | Promise<T>): Promise<T> {
    const session = await this.#take();
    let isWell = false;
    try {
      const result = await operation(session);
      isWell = true;
      return result;
    } catch (error) {
      // What the services refuse is not the session's fault.
      isWell = isServiceError(error) && !(error instanceof Unavailable);
      throw error;
    } finally {
      this.#lent -= 1;
      if (isWell) this.#idle.push(session);
      else closeQuietly(session);
      this.#waiting.shift()?.();
    }
  }

  /**
   * Climbs the ladder after an error, one rung for one call: the one that the error asks for, or the next above
   * those that were climbed before for the same operation.
   *
   * @param climbed rungs that did not help the operation; the new one is added
   * @param since what `generation` was when the operation began
   * @throws Unavailable when nothing in this process helps; it is lost then, unless the operation alone is wrong
   */
  async heal(
    doing: string,
    error: unknown,
    climbed: Set<Rung>,
    since: Readonly<Record<'login' | 'reinitialise', number>>,
  ): Promise<void> {
    const remedy = remedyFor(error);
    if (remedy === 'job') throw unavailableToken(doing, error);
    let cause = error;
    const from = rungs.findIndex((rung) => rung === remedy);
    for (const rung of from === -1 ? [] : rungs.slice(from)) {
      if (climbed.has(rung)) continue;
      climbed.add(rung);
      try {
        await this.#climb(rung, since);
        this.#onHealing({ rung, because: reasonOf(error) });
        return;
      } catch (failure) {
        this.#onHealing({ rung, because: reasonOf(error), failure: reasonOf(failure) });
        cause = failure;
        if (failure instanceof Unavailable) break;
      }
    }
    this.#isLost = true;
    throw cause instanceof Unavailable ? cause : unavailableToken(doing, cause);
  }

  /** To be read before an operation, for `heal`. */
  get generation(): Readonly<Record<'login' | 'reinitialise', number>> {
    return this.#generation;
  }

  async #climb(rung: Rung, since: Readonly<Record<'login' | 'reinitialise', number>>): Promise<void> {
    switch (rung) {
      case 'session':
        // The bad one is closed already; those that lie idle are as old, and go with it.
        for (const session of this.#idle.splice(0)) closeQuietly(session);
        return;
      case 'login':
        if (since.login === this.#generation.login) this.#logInAgain();
        return;
      case 'reinitialise':
        if (since.reinitialise !== this.#generation.reinitialise) return;
        this.#reinitialising ??= this.#reinitialise().finally(() => {
          this.#reinitialising = undefined;
          for (const wake of this.#waiting.splice(0)) wake();
        });
        return this.#reinitialising;
    }
  }

  #logInAgain(): void {
    for (const session of this.#idle.splice(0)) closeQuietly(session);
    const session = openSession(this.#slot);
    logIn(session, this.#slot, this.#configuration.pinFile);
    closeQuietly(this.#loggedIn);
    this.#loggedIn = session;
    this.#generation = { ...this.#generation, login: this.#generation.login + 1 };
  }

  /** `C_Finalize` under a call of another thread is undefined, so those under way end first. */
  async #reinitialise(): Promise<void> {
    const now = performance.now();
    if (now - this.#reinitialisedAt < reinitialiseEveryMs) throw new Error('was done a moment ago');
    this.#reinitialisedAt = now;
    while (this.#lent > 0) await new Promise<void>((resolve) => this.#waiting.unshift(resolve));
    this.#idle = [];
    this.#initialiseAgain();
    const opened = this.#openPatiently();
    this.#slot = opened.slot;
    this.#loggedIn = opened.session;
    const { login, reinitialise } = this.#generation;
    this.#generation = { login: login + 1, reinitialise: reinitialise + 1 };
  }

  #initialiseAgain(): void {
    try {
      this.#module.finalize();
    } catch {
      // A module that lost its state says so here; it is initialised next.
    }
    asUnavailable('initialising the module', () =>
      this.#module.initialize(initialiseArguments(this.#configuration.libraryParameters)),
    );
  }

  /** Nothing else can be done in this process meanwhile, so that its thread waits. */
  #openPatiently(): OpenedToken {
    for (const pauseMs of pausesMs) {
      try {
        return this.#open();
      } catch (error) {
        if (!passes(error)) throw error;
      }
      Atomics.wait(nothing, 0, 0, pauseMs + randomInt(pauseMs));
      this.#initialiseAgain();
    }
    return this.#open();
  }

  #open(): OpenedToken {
    const slot = asUnavailable('listing slots', () => findSlot(this.#module, this.#configuration));
    const session = asUnavailable('opening a session', () => openSession(slot));
    asUnavailable('reading the token', () => logIn(session, slot, this.#configuration.pinFile));
    return { slot, session };
  }

  async #take(): Promise<graphene.Session> {
    while (this.#reinitialising !== undefined || (this.#idle.length === 0 && this.#lent >= this.sessions)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const session = this.#idle.pop() ?? openSession(this.#slot);
    this.#lent += 1;
    return session;
  }
}

function openSession(slot: graphene.Slot): graphene.Session {
  return slot.open(graphene.SessionFlag.SERIAL_SESSION | graphene.SessionFlag.RW_SESSION);
}

/** Besides that no token shows, or two do. */
const seenWhileWritten = ['CKR_GENERAL_ERROR', 'CKR_USER_PIN_NOT_INITIALIZED'];

/** Whether another process that logs in at the moment may be what made it fail. */
function passes(error: unknown): boolean {
  if (!(error instanceof Unavailable)) return false;
  const returnValue = returnValueOf(error.cause) ?? '';
  return error.rule === 'token-label' || seenWhileWritten.includes(returnValue);
}

function quirksFor(slot: graphene.Slot): Quirks {
  const { manufacturerID: manufacturer, model } = slot.getToken();
  return quirksOf({ manufacturer, model, library: slot.module.libraryDescription });
}

function closeQuietly(session: graphene.Session): void {
  try {
    session.close();
  } catch {
    // It is given up because it is broken.
  }
}

function reasonOf(error: unknown): string {
  return returnValueOf(error) ?? (error instanceof Error ? error.message : String(error));
}

function asUnavailable<T>(doing: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof InvariantBroken || error instanceof Unavailable) throw error;
    throw unavailableToken(doing, error);
  }
}
