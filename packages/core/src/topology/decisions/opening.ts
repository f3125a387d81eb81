/**
 * Settles what a host has confirmed: `opening` becomes `open`. Children of a restructure are settled
 * together with their parents (restructure.ts), never here.
 */
import type { Garbage, Shardlet } from '../model.ts';
import type { Decision, TopologyView } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

/**
 * `raisedLastSeq` is the lastSeq that `raise` answered. It must be given on a host that may lose its last
 * writes unless the readmission has noted it already: positions that readers hold beyond it are then set back.
 */
export function settleOpening(id: number, epoch: number, raisedLastSeq?: number): Decision<Shardlet> {
  return {
    name: 'settleOpening',
    needs: { shardlets: [id] },
    rule(view) {
      const shardlet = view.shardlet(id);
      if (shardlet === undefined) return refuse('unknown', `no shardlet ${id}`);
      const { state } = shardlet;
      if (state.kind !== 'opening' || shardlet.epoch !== epoch)
        return refuse('changed', `shardlet ${id} is ${state.kind} at epoch ${shardlet.epoch}`);
      if (state.job.kind === 'create' && state.job.parents.length > 0)
        return refuse('not_allowed', `shardlet ${id} is settled together with its parents`);
      const lost = lostAfterRaise(view, shardlet, raisedLastSeq);
      if (lost === undefined)
        return refuse('not_allowed', `settling shardlet ${id} needs the lastSeq that raise answered`);
      const open: Shardlet = { ...shardlet, state: { kind: 'open' }, lost };
      return accept({ shardlets: [open], garbage: sourceOf(shardlet, view.nowMs) }, open);
    },
  };
}

function sourceOf({ id, state }: Shardlet, since: number): Garbage[] {
  if (state.kind !== 'opening' || state.job.kind !== 'migrate') return [];
  return [{ host: state.job.source, shardlet: id, epoch: state.job.sourceEpoch, since }];
}

/** Undefined when it cannot be told what the host has lost. */
function lostAfterRaise(
  view: TopologyView,
  shardlet: Shardlet,
  raisedLastSeq: number | undefined,
): Shardlet['lost'] | undefined {
  const { state, lost, epoch } = shardlet;
  const raised = state.kind === 'opening' && state.job.kind === 'raise';
  if (!raised || view.host(shardlet.owner)?.durability === 'always') return lost;
  if (lost.some((l) => l.epoch === epoch)) return lost;
  return raisedLastSeq === undefined ? undefined : [...lost, { epoch, seq: raisedLastSeq }];
}
