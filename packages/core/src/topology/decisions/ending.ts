/** The end of a shardlet: past retention it is `gone`, its replica is garbage, and dropped garbage is forgotten. */
import type { Garbage } from '../model.ts';
import type { Decision } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

/** Never from `closing`: the children must be open before anything of the parent may go. */
export function markGone(id: number): Decision<Garbage> {
  return {
    name: 'markGone',
    needs: { shardlets: [id] },
    rule(view) {
      const shardlet = view.shardlet(id);
      if (shardlet === undefined) return refuse('unknown', `no shardlet ${id}`);
      const { state, owner, epoch } = shardlet;
      if (state.kind !== 'closed') return refuse('changed', `shardlet ${id} is ${state.kind}, not closed`);
      const garbage: Garbage = { host: owner, shardlet: id, epoch, since: view.nowMs };
      return accept(
        { shardlets: [{ ...shardlet, state: { ...state, kind: 'gone' } }], garbage: [garbage] },
        garbage,
      );
    },
  };
}

export type GarbageKey = Omit<Garbage, 'since'>;

/** REQUIRES that each replica was dropped on its host. */
export function dropGarbage(dropped: readonly GarbageKey[]): Decision<{ readonly dropped: number }> {
  return {
    name: 'dropGarbage',
    needs: { garbage: true },
    rule(view) {
      const wanted = new Set(dropped.map(keyOf));
      const found = view.garbage().filter((g) => wanted.has(keyOf(g)));
      if (found.length === 0) return refuse('changed', 'nothing of this is garbage any more');
      const garbageRemoved = found.map(({ host, shardlet, epoch }) => ({ host, shardlet, epoch }));
      return accept({ garbageRemoved }, { dropped: found.length });
    },
  };
}

function keyOf({ host, shardlet, epoch }: GarbageKey): string {
  return `${host}/${shardlet}/${epoch}`;
}
