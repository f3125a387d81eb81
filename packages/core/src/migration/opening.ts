/**
 * Finishes the opening of one shardlet that has no parents to seal: the first shardlets of a stream are
 * created, those of an aborted migration or of a restarted host are raised to their new epoch in place.
 * The host is asked first and T is settled last, so a shardlet that T calls open is open.
 */
import type { DedupPolicy } from '../hosts/index.ts';
import { type Shardlet, settleOpening } from '../topology/index.ts';
import {
  type Action,
  type Answer,
  finish,
  type Machine,
  notCreated,
  type Step,
  settled,
  stale,
  unexpected,
} from './machine.ts';

/** REQUIRES a shardlet that is `opening` by `raise`, or by `create` without parents. */
export function openingMachine(shardlet: Shardlet, dedup: DedupPolicy): Machine<null> {
  const name = `opening of shardlet ${shardlet.id} at epoch ${shardlet.epoch}`;
  return {
    name,
    begin: () => ({ state: null, actions: [confirmation(shardlet, dedup)] }),
    step: (_, answer) => step(shardlet, name, answer),
  };
}

function confirmation(shardlet: Shardlet, dedup: DedupPolicy): Action {
  const { owner: host, id, epoch, stream, range, state } = shardlet;
  if (state.kind === 'opening' && state.job.kind === 'raise')
    return { kind: 'raise', host, shardlet: id, epoch };
  return { kind: 'createOpen', host, shardlet: id, epoch, spec: { stream, range, dedup }, parents: [] };
}

function step(shardlet: Shardlet, name: string, answer: Answer): Step<null> {
  switch (answer.kind) {
    case 'raise':
      return answer.reply.kind === 'done'
        ? settling(shardlet, answer.reply.lastSeq)
        : finish(null, stale(name, answer.reply));
    case 'createOpen':
      return answer.reply.kind === 'created'
        ? settling(shardlet)
        : finish(null, notCreated(name, answer.reply));
    case 'decide':
      return finish(null, settled(name, answer.reply));
    default:
      return unexpected(name, answer);
  }
}

function settling({ id, epoch }: Shardlet, raisedLastSeq?: number): Step<null> {
  return {
    state: null,
    actions: [{ kind: 'decide', decision: settleOpening(id, epoch, raisedLastSeq) }],
  };
}
