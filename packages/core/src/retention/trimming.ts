/**
 *   seek the cutoff --> describe --> trim a step --> done --closed, nothing left--> mark gone --> (finished)
 *                                     ^        |      |
 *                                     +- more -+      +--> (finished)
 *
 * Forgets what is past retention in one shardlet, and ends the shardlet when it is closed and nothing of it
 * is left. The host finds the seq that belongs to the cutoff, and trims in steps; how far it got decides,
 * since it spares records that deduplication still needs.
 */

import {
  type Answer,
  finish,
  type Machine,
  type Step,
  settled,
  stale,
  unexpected,
} from '../machines/index.ts';
import { markGone, type Shardlet } from '../topology/index.ts';

/** A trim holds up its host: this many records are a few milliseconds. */
export const TRIM_STEP_RECORDS = 5_000;

/** Bounds one run; the next one goes on. */
export const TRIM_STEPS_MAX = 200;

/** A closing shardlet is never trimmed: its children must be open before anything of it may go. */
export function isTrimmable({ state: { kind } }: Shardlet): boolean {
  return kind === 'open' || kind === 'closed';
}

interface Task {
  readonly shardlet: Shardlet;
  readonly cutoffTs: number;
  /** what follows is kept, however old */
  readonly keptFrom: number;
  readonly name: string;
}

interface State {
  /** first seq to keep */
  readonly keepFrom: number;
  readonly steps: number;
}

/**
 * @param cutoffTs records up to this ts are past retention, on the clock of the shardlet's host
 * @param keptFrom records from this seq on are kept all the same
 */
export function trimmingMachine(
  shardlet: Shardlet,
  cutoffTs: number,
  keptFrom = Number.POSITIVE_INFINITY,
): Machine<State> {
  const task = { shardlet, cutoffTs, keptFrom, name: `trimming of shardlet ${shardlet.id}` };
  const { owner: host, id } = shardlet;
  return {
    name: task.name,
    start: () => ({
      state: { keepFrom: 0, steps: 0 },
      actions: [{ kind: 'seek', host, shardlet: id, ts: cutoffTs }],
    }),
    step: (state, answer) => step(task, state, answer),
  };
}

function step(task: Task, state: State, answer: Answer): Step<State> {
  const { owner: host, id: shardlet } = task.shardlet;
  switch (answer.kind) {
    case 'seek':
      if (answer.reply.kind === 'stale') return finish(state, stale(task.name, answer.reply));
      return {
        state: { ...state, keepFrom: Math.min(task.keptFrom, answer.reply.seq) },
        actions: [{ kind: 'describe', host, shardlet }],
      };
    case 'describe':
      if ('kind' in answer.reply) return finish(state, stale(task.name, answer.reply));
      return goOn(task, state, answer.reply.firstSeq);
    case 'trim': {
      if (answer.reply.kind === 'stale') return finish(state, stale(task.name, answer.reply));
      const { firstSeq } = answer.reply;
      const spared = firstSeq < answer.action.upTo;
      return goOn(task, spared ? { ...state, keepFrom: firstSeq } : state, firstSeq);
    }
    case 'decide':
      return finish(state, settled(task.name, answer.reply));
    default:
      return unexpected(task.name, answer);
  }
}

function goOn({ shardlet, cutoffTs }: Task, state: State, firstSeq: number): Step<State> {
  const { owner: host, id, epoch } = shardlet;
  if (firstSeq < state.keepFrom && state.steps < TRIM_STEPS_MAX) {
    const upTo = Math.min(state.keepFrom, firstSeq + TRIM_STEP_RECORDS);
    return {
      state: { ...state, steps: state.steps + 1 },
      actions: [{ kind: 'trim', host, shardlet: id, epoch, upTo }],
    };
  }
  if (!isOver(shardlet, cutoffTs, firstSeq)) return finish(state);
  return { state, actions: [{ kind: 'decide', decision: markGone(id) }] };
}

function isOver({ state }: Shardlet, cutoffTs: number, firstSeq: number): boolean {
  return state.kind === 'closed' && state.finalTs <= cutoffTs && firstSeq > state.finalSeq;
}
