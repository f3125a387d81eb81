/**
 * The decisions of a move. An open shardlet is `moving` while its events are copied; the commit gives it to
 * the destination with the epoch that was fixed when the move was prepared, so whatever was sent for this
 * move fits, and nothing that was sent for another one does. Until the commit a move can be aborted: the
 * source gets a new epoch, sealed or not. After it there is no way back, also when the destination does not
 * answer, because it may have opened; the way back is another move.
 *
 * Closed shardlets move without a cutover: nobody writes to them, so they are only read from one host until
 * the topology store names the other.
 */
import type { Garbage, Host, Shardlet, ShardletState } from '../model.ts';
import type { Decision, Refusal, TopologyView } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

type Refused = { readonly kind: 'refuse'; readonly refusal: Refusal };
type InState<K extends ShardletState['kind']> = Omit<Shardlet, 'state'> & {
  readonly state: Extract<ShardletState, { readonly kind: K }>;
};

export interface MoveRequest {
  readonly id: number;
  /** of the shardlet as the caller saw it: whoever has changed it meanwhile wins */
  readonly epoch: number;
  readonly dest: number;
}

/** Either kind of shardlet that can be moved: open ones are `moving`, closed ones `closedMoving`. */
export function prepareMigration({ id, epoch, dest }: MoveRequest): Decision<Shardlet> {
  return {
    name: 'prepareMigration',
    needs: { shardlets: [id] },
    rule(view) {
      const shardlet = view.shardlet(id);
      if (shardlet === undefined) return refuse('unknown', `no shardlet ${id}`);
      const { state } = shardlet;
      if ((state.kind !== 'open' && state.kind !== 'closed') || shardlet.epoch !== epoch)
        return refuse('changed', `shardlet ${id} is ${state.kind} at epoch ${shardlet.epoch}`);
      const fault = unfit(view, shardlet, dest);
      if (fault !== undefined) return fault;
      const move = { dest, nextEpoch: view.version };
      const after: Shardlet = {
        ...shardlet,
        state:
          state.kind === 'open' ? { kind: 'moving', ...move } : { ...state, ...move, kind: 'closedMoving' },
      };
      return accept({ shardlets: [after] }, after);
    },
  };
}

function unfit(view: TopologyView, { id, owner }: Shardlet, dest: number): Refused | undefined {
  const host = view.host(dest);
  if (host === undefined) return refuse('unknown', `no host ${dest}`);
  if (dest === owner) return refuse('not_allowed', `shardlet ${id} is on host ${dest} already`);
  if (host.state !== 'active')
    return refuse('not_allowed', `host ${dest} is ${host.state} and takes no shardlet`);
  if (view.host(owner)?.state === 'readmitting')
    return refuse('not_allowed', `host ${owner} is being readmitted`);
  return undefined;
}

/** REQUIRES that the destination has answered `ready` for `nextEpoch`, with `finalSeq` as its last. */
export function commitMigration(id: number, nextEpoch: number, finalSeq: number): Decision<Shardlet> {
  return {
    name: 'commitMigration',
    needs: { shardlets: [id] },
    rule(view) {
      const moving = movingAt(view, id, nextEpoch, 'moving');
      if ('kind' in moving) return moving;
      const fault = readmittedDestination(view, moving.state.dest);
      if (fault !== undefined) return fault;
      const job = { kind: 'migrate', source: moving.owner, sourceEpoch: moving.epoch, finalSeq } as const;
      const after: Shardlet = {
        ...moving,
        owner: moving.state.dest,
        epoch: nextEpoch,
        state: { kind: 'opening', job },
      };
      return accept({ shardlets: [after] }, after);
    },
  };
}

/** Its readmission aborts every migration to it; a commit in between would hand it one more to finish. */
function readmittedDestination(view: TopologyView, dest: number): Refused | undefined {
  if (view.host(dest)?.state !== 'readmitting') return undefined;
  return refuse('changed', `host ${dest} has restarted: its readmission aborts the migrations to it`);
}

/** The source is raised to a new epoch, whether it was sealed or not, so a late seal finds nothing. */
export function abortMigration(id: number, nextEpoch: number): Decision<Shardlet> {
  return {
    name: 'abortMigration',
    needs: { shardlets: [id] },
    rule(view) {
      const moving = movingAt(view, id, nextEpoch, 'moving');
      if ('kind' in moving) return moving;
      const after: Shardlet = {
        ...moving,
        epoch: view.version,
        state: { kind: 'opening', job: { kind: 'raise' } },
      };
      return accept({ shardlets: [after], garbage: [shadowOf(moving, view.nowMs)] }, after);
    },
  };
}

/**
 * REQUIRES that the destination has answered `ready` for `nextEpoch`, with the topology store's finalSeq as its last.
 */
export function commitClosedMove(id: number, nextEpoch: number): Decision<Shardlet> {
  return {
    name: 'commitClosedMove',
    needs: { shardlets: [id] },
    rule(view) {
      const moving = movingAt(view, id, nextEpoch, 'closedMoving');
      if ('kind' in moving) return moving;
      const { owner: host, epoch } = moving;
      const after: Shardlet = {
        ...moving,
        owner: moving.state.dest,
        epoch: nextEpoch,
        state: closed(moving),
      };
      const source: Garbage = { host, shardlet: id, epoch, since: view.nowMs };
      return accept({ shardlets: [after], garbage: [source] }, after);
    },
  };
}

/** The source keeps its epoch: nobody writes to it, so nothing can arrive late. */
export function abortClosedMove(id: number, nextEpoch: number): Decision<Shardlet> {
  return {
    name: 'abortClosedMove',
    needs: { shardlets: [id] },
    rule(view) {
      const moving = movingAt(view, id, nextEpoch, 'closedMoving');
      if ('kind' in moving) return moving;
      const after: Shardlet = { ...moving, state: closed(moving) };
      return accept({ shardlets: [after], garbage: [shadowOf(moving, view.nowMs)] }, after);
    },
  };
}

function closed({ state: { successors, finalSeq, finalTs } }: InState<'closedMoving'>): Shardlet['state'] {
  return { kind: 'closed', successors, finalSeq, finalTs };
}

function shadowOf({ id, state }: InState<'moving' | 'closedMoving'>, since: number): Garbage {
  return { host: state.dest, shardlet: id, epoch: state.nextEpoch, since };
}

function movingAt<K extends 'moving' | 'closedMoving'>(
  view: TopologyView,
  id: number,
  nextEpoch: number,
  kind: K,
): InState<K> | Refused {
  const shardlet = view.shardlet(id);
  if (shardlet === undefined) return refuse('unknown', `no shardlet ${id}`);
  const { state } = shardlet;
  if (state.kind !== kind || !('nextEpoch' in state) || state.nextEpoch !== nextEpoch)
    return refuse('changed', `shardlet ${id} is ${state.kind} and no longer part of move ${nextEpoch}`);
  return shardlet as InState<K>;
}

/** `draining`: nothing new is placed there, so that it can be emptied; undone by `active`. */
export function setHostState(id: number, state: 'active' | 'draining'): Decision<Host> {
  return {
    name: state === 'draining' ? 'drainHost' : 'undrainHost',
    needs: {},
    rule(view) {
      const host = view.host(id);
      if (host === undefined) return refuse('unknown', `no host ${id}`);
      const { readmission } = host;
      const now = readmission?.before ?? host.state;
      if (now === state) return refuse('changed', `host ${id} is ${state} already`);
      // a host in readmission gets the state when it is trusted again
      const after: Host =
        readmission === undefined
          ? { ...host, state }
          : { ...host, readmission: { ...readmission, before: state } };
      const others = view.hosts().filter((h) => h.id !== id && h.state !== 'draining');
      if (state === 'draining' && others.length === 0)
        return refuse(
          'not_allowed',
          `host ${id} is the last one that takes shardlets: add another host first`,
        );
      return accept({ hosts: [after] }, after);
    },
  };
}
