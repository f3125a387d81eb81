/**
 * Settles what a host has confirmed: `opening` becomes `open`. Children of a restructure are settled
 * together with their parents (restructure.ts), never here.
 */
import { invariant } from '../../kernel/index.ts';
import type { Garbage, Shardlet } from '../model.ts';
import type { Decision, Refusal, TopologyView } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

/** Bounds the time the clock row is held, and what one lost reply makes worth repeating. */
export const SETTLING_BATCH_MAX = 100;

export interface ConfirmedOpening {
  readonly id: number;
  readonly epoch: number;
  /**
   * The lastSeq that `raise` answered. It must be given on a host that may lose its last writes unless the
   * readmission has noted it already: positions that readers hold beyond it are then set back.
   */
  readonly raisedLastSeq?: number | undefined;
}

export function settleOpening(id: number, epoch: number, raisedLastSeq?: number): Decision<Shardlet> {
  return {
    name: 'settleOpening',
    needs: { shardlets: [id] },
    rule(view) {
      const settled = settle(view, { id, epoch, raisedLastSeq });
      if (settled.kind === 'refuse') return settled;
      return accept({ shardlets: [settled.open], garbage: settled.garbage }, settled.open);
    },
  };
}

/**
 * Many at once, at most 100: a new stream or a restarted host has hundreds. What is settled already or has
 * moved on is left out of the result; refused when that is everything.
 */
export function settleOpenings(
  confirmed: readonly ConfirmedOpening[],
): Decision<{ readonly open: readonly Shardlet[] }> {
  invariant(confirmed.length <= SETTLING_BATCH_MAX, `a batch has at most ${SETTLING_BATCH_MAX}`);
  return {
    name: 'settleOpenings',
    needs: { shardlets: confirmed.map((c) => c.id) },
    rule(view) {
      const open: Shardlet[] = [];
      const garbage: Garbage[] = [];
      for (const opening of confirmed) {
        const settled = settle(view, opening);
        if (settled.kind === 'settled') {
          open.push(settled.open);
          garbage.push(...settled.garbage);
        } else if (settled.refusal.reason === 'not_allowed') return settled;
      }
      if (open.length === 0) return refuse('changed', 'nothing of this is opening any more');
      return accept({ shardlets: open, garbage }, { open });
    },
  };
}

type Settled =
  | { readonly kind: 'settled'; readonly open: Shardlet; readonly garbage: Garbage[] }
  | { readonly kind: 'refuse'; readonly refusal: Refusal };

function settle(view: TopologyView, { id, epoch, raisedLastSeq }: ConfirmedOpening): Settled {
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
  return { kind: 'settled', open, garbage: sourceOf(shardlet, view.nowMs) };
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
