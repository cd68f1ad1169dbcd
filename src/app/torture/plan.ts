import { Chance } from './chance.ts';

/** What a station does in one step. */
export type RequestAction =
  | 'new'
  | 'repeat'
  | 'conflict'
  | 'twice-at-once'
  | 'two-contents-at-once'
  | 'lost-answer'
  | 'batch'
  | 'broken-batch';

/** What is done to the service in one step, or what an operator does beside it. */
export type Disturbance =
  | 'kill-service'
  | 'kill-while-starting'
  | 'end-service'
  | 'kill-signer'
  | 'stop-signers'
  | 'token-fault'
  | 'full-disk'
  | 'renew-document-signer'
  | 'kill-command';

export type Action = RequestAction | Disturbance;

/** How often each happens in a thousand steps. */
const weights: Readonly<Record<Action, number>> = {
  new: 470,
  repeat: 160,
  conflict: 100,
  'twice-at-once': 60,
  'two-contents-at-once': 50,
  'lost-answer': 90,
  batch: 25,
  'broken-batch': 25,
  'kill-service': 3,
  'kill-while-starting': 1,
  'end-service': 1,
  'kill-signer': 4,
  'stop-signers': 2,
  'token-fault': 4,
  'full-disk': 2,
  'renew-document-signer': 2,
  'kill-command': 1,
};

const disturbances = new Set<Action>([
  'kill-service',
  'kill-while-starting',
  'end-service',
  'kill-signer',
  'stop-signers',
  'token-fault',
  'full-disk',
  'renew-document-signer',
  'kill-command',
]);

/** One step of a run: what happens, and the chance that fills it in. */
export interface Step {
  readonly number: number;
  readonly action: Action;
  readonly chance: Chance;
}

/** The step with this number, counted from 1, of the run with this seed: always the same. */
export function stepOf(seed: number, number: number): Step {
  const chance = new Chance(seed, `step ${number}`);
  return { number, action: drawn(chance), chance };
}

export function isDisturbance(action: Action): action is Disturbance {
  return disturbances.has(action);
}

function drawn(chance: Chance): Action {
  const entries = Object.entries(weights) as [Action, number][];
  let rest = chance.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [action, weight] of entries) {
    if (rest < weight) return action;
    rest -= weight;
  }
  throw new RangeError('the weights of the actions are not whole numbers');
}
