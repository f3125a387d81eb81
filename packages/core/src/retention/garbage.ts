/**
 *   describe each --let go of--> drop it --all answered--> forget the batch in the topology store --> (finished)
 *         |                                                        |
 *         +-- open again --> (refused: regressed)                  +-- refused --> (stale)
 *
 * Drops replicas that nothing refers to any more. An old copy is a correct prefix, so leaving it for a while
 * harms nobody and lets readers and edges with an old map finish what they are doing. After a loss it is none: its
 * numbers have been given to other records, which readers and retries would meet there. So it goes at once.
 */

import {
  type Action,
  type Answer,
  finish,
  type Machine,
  type Step,
  settled,
  unexpected,
} from '../machines/index.ts';
import type { Garbage, TopologyMap } from '../topology/index.ts';
import { dropGarbage } from '../topology/index.ts';

/**
 * How long a replica stays after the topology store has let go of it. Followers of the topology store poll every few
 * seconds when they miss a notification, and a reader holds a page for less than ten: whoever still goes there after
 * half a minute is cut off, and is answered correctly that it is stale.
 */
export const GARBAGE_GRACE_MS = 30_000;

/** Bounds one decision, and the calls that are repeated when a worker dies before it. */
export const GARBAGE_BATCH_MAX = 100;

/** The replicas on `host` to drop now, oldest first, in batches. */
export function dueGarbage(map: TopologyMap, host: number, nowMs: number): Garbage[][] {
  const due = map
    .garbage()
    .filter((g) => g.host === host && (nowMs - g.since >= GARBAGE_GRACE_MS || isOutdated(map, g)))
    .sort((a, b) => a.since - b.since || a.shardlet - b.shardlet || a.epoch - b.epoch);
  const batches: Garbage[][] = [];
  for (let at = 0; at < due.length; at += GARBAGE_BATCH_MAX)
    batches.push(due.slice(at, at + GARBAGE_BATCH_MAX));
  return batches;
}

function isOutdated(map: TopologyMap, { shardlet, epoch }: Garbage): boolean {
  return map.shardlet(shardlet)?.lost.some((loss) => loss.epoch > epoch) === true;
}

/**
 * REQUIRES a batch of at least one. Each is looked at before it is dropped: one that is open was let go of sealed, so
 * the host went back, and what it holds may have been acknowledged; only what was deleted with its stream is open
 * still. The state counts the drops that were answered.
 */
export function garbageMachine(batch: readonly Garbage[], map: TopologyMap): Machine<number> {
  const name = `dropping ${batch.length} replicas of host ${batch[0]?.host}`;
  const kept = new Set(batch.map(({ shardlet }) => shardlet).filter((id) => map.shardlet(id) !== undefined));
  return {
    name,
    start: () => ({
      state: 0,
      actions: batch.map(({ host, shardlet }): Action => ({ kind: 'describe', host, shardlet })),
    }),
    step: (state, answer) => step(batch, kept, name, state, answer),
  };
}

/** A `stale` drop found something newer there: nothing up to this epoch is left, which is what it is for. */
function step(
  batch: readonly Garbage[],
  kept: ReadonlySet<number>,
  name: string,
  dropped: number,
  answer: Answer,
): Step<number> {
  switch (answer.kind) {
    case 'describe': {
      const { host, shardlet } = answer.action;
      // a shardlet that came and went twice is there twice: the newest epoch takes the others along
      const epoch = Math.max(...batch.filter((g) => g.shardlet === shardlet).map((g) => g.epoch));
      const { reply } = answer;
      const isOpen = !('kind' in reply) && reply.mode === 'open' && reply.epoch <= epoch;
      if (isOpen && kept.has(shardlet))
        return finish(dropped, {
          ...{ kind: 'refused', reason: 'regressed' },
          detail: `host ${host} holds shardlet ${shardlet} open again, which it had let go of`,
        });
      return { state: dropped, actions: [{ kind: 'drop', host, shardlet, epoch }] };
    }
    case 'drop': {
      const state = dropped + 1;
      if (state < batch.length) return { state, actions: [] };
      return { state, actions: [{ kind: 'decide', decision: dropGarbage(batch) }] };
    }
    case 'decide':
      return finish(dropped, settled(name, answer.reply));
    default:
      return unexpected(name, answer);
  }
}
