/**
 *   list, page by page --> read the topology store --> describe each suspect --> seal each stray --> (finished)
 *                                    |                       |                    |
 *                          another run is trusted         it lacks some    a newer epoch is there
 *                                    v                       v                    v
 *                                 (stale)          (refused: regressed)        (stale)
 *
 * Compares what a host holds with the topology store: before a restarted one is used again, and now and then while it
 * is used. What the topology store was told is there and is not means that the disk is older than the topology store:
 * the host is refused for a person to decide, for nobody else could tell which acknowledged events are missing. What
 * is open there and not the topology store's is sealed.
 *
 * The topology store is read after the host was asked. Epochs are never used twice, so a replica that the topology
 * store does not know then will never be the topology store's; and what seems to be missing is looked at once more,
 * as it may just have been confirmed.
 */
import type { ReplicaDetails, ReplicaInfo, Stale } from '../hosts/index.ts';
import {
  type Action,
  type Answer,
  finish,
  type Machine,
  type Step,
  stale,
  unexpected,
} from '../machines/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';

/** One page is about 100 kB. */
const LIST_PAGE = 1_000;

/** Enough for a person to see what is missing. */
const LACKING_NAMED_MAX = 10;

interface State {
  readonly replicas: readonly ReplicaInfo[];
  readonly suspects: ReadonlyMap<number, Shardlet>;
  readonly lacking: readonly number[];
  readonly risen: readonly number[];
  readonly strays: readonly Action[];
  /** answers of the current step that are still to come */
  readonly waiting: number;
}

const NOTHING: State = {
  ...{ replicas: [], suspects: new Map(), lacking: [], risen: [], strays: [], waiting: 0 },
};

/** @param noted the run that the topology store trusts, or whose readmission it has noted */
export function comparingMachine(host: number, noted: string): Machine<State> {
  const name = `comparison of host ${host} with the topology store`;
  return {
    name,
    start: () => page(NOTHING, host, 0),
    step(state, answer) {
      switch (answer.kind) {
        case 'list':
          return afterList(state, answer);
        case 'readTopology':
          return compare(state, host, noted, answer.reply);
        case 'describe':
          return confirm(state, host, answer);
        case 'seal':
          return answer.reply.kind === 'done'
            ? countDown(state)
            : finish(state, stale(`sealing of stray shardlet ${answer.action.shardlet}`, answer.reply));
        default:
          return unexpected(name, answer);
      }
    },
  };
}

function page(state: State, host: number, after: number): Step<State> {
  return { state, actions: [{ kind: 'list', host, after, limit: LIST_PAGE }] };
}

function afterList(before: State, { action, reply }: Extract<Answer, { kind: 'list' }>): Step<State> {
  const state = { ...before, replicas: [...before.replicas, ...reply] };
  if (reply.length < action.limit) return { state, actions: [{ kind: 'readTopology' }] };
  return page(state, action.host, reply.at(-1)!.shardlet);
}

function compare(before: State, host: number, noted: string, map: TopologyMap): Step<State> {
  const now = map.host(host);
  if (now === undefined || (now.readmission?.incarnation ?? now.incarnation) !== noted)
    return finish(before, {
      kind: 'stale',
      detail: `The topology store does not know host ${host} as run ${noted}`,
    });
  const held = new Map(before.replicas.map((r) => [r.shardlet, r]));
  const mine = [...map.shardlets()].filter((s) => s.owner === host);
  const risen = before.replicas.flatMap((replica) => {
    const shardlet = map.shardlet(replica.shardlet);
    return shardlet !== undefined && isRisen(shardlet, host, replica) ? [shardlet] : [];
  });
  const suspects = new Map([...mine.filter((s) => lacks(s, held.get(s.id))), ...risen].map((s) => [s.id, s]));
  const strays = before.replicas.filter((r) => isStray(map, host, r)).map((r) => sealing(host, r));
  const state = { ...before, suspects, strays };
  return suspects.size === 0 ? seal(state) : lookAgain(state, host);
}

function sealing(host: number, { shardlet, epoch }: ReplicaInfo): Action {
  return { kind: 'seal', host, shardlet, epoch };
}

function lookAgain(state: State, host: number): Step<State> {
  const actions = [...state.suspects.keys()].map(
    (shardlet): Action => ({ kind: 'describe', host, shardlet }),
  );
  return { state: { ...state, waiting: actions.length }, actions };
}

function confirm(
  before: State,
  host: number,
  { action, reply }: Extract<Answer, { kind: 'describe' }>,
): Step<State> {
  const shardlet = before.suspects.get(action.shardlet)!;
  const isLacking = shardlet.owner === host && lacks(shardlet, reply);
  const lacking = isLacking ? [...before.lacking, shardlet.id] : before.lacking;
  const isOpenAgain = !('kind' in reply) && isRisen(shardlet, host, reply);
  const risen = isOpenAgain ? [...before.risen, shardlet.id] : before.risen;
  const state = { ...before, lacking, risen, waiting: before.waiting - 1 };
  if (state.waiting > 0) return { state, actions: [] };
  if (lacking.length > 0)
    return finish(state, older(host, 'lacks what it has confirmed of shardlets', lacking));
  if (risen.length > 0)
    return finish(state, older(host, 'holds shardlets open again that it had let go of:', risen));
  return seal(state);
}

function older(host: number, what: string, lacking: readonly number[]) {
  const named = lacking.slice(0, LACKING_NAMED_MAX).join(', ');
  const more = lacking.length > LACKING_NAMED_MAX ? ` and ${lacking.length - LACKING_NAMED_MAX} more` : '';
  const detail = `host ${host} ${what} ${named}${more}`;
  return { kind: 'refused', reason: 'regressed', detail } as const;
}

function seal(state: State): Step<State> {
  if (state.strays.length === 0) return finish(state);
  return { state: { ...state, waiting: state.strays.length }, actions: state.strays };
}

function countDown(before: State): Step<State> {
  const state = { ...before, waiting: before.waiting - 1 };
  return state.waiting > 0 ? { state, actions: [] } : finish(state);
}

/**
 * The topology store lets go only of what was sealed, so what is open again shows that the host went back; and
 * callers with an old map may have been answered by it. What came to the host since the topology store was read has a
 * higher epoch.
 */
function isRisen(shardlet: Shardlet, host: number, { mode, epoch }: ReplicaInfo): boolean {
  const { kind } = shardlet.state;
  const isLetGo = shardlet.owner !== host || kind === 'closed' || kind === 'closedMoving' || kind === 'gone';
  return mode === 'open' && isLetGo && epoch <= shardlet.epoch;
}

/**
 * Open on the host although the topology store has it elsewhere, at another epoch, or closed: it must take no more
 * appends.
 */
function isStray(map: TopologyMap, host: number, replica: ReplicaInfo): boolean {
  if (replica.mode !== 'open') return false;
  const shardlet = map.shardlet(replica.shardlet);
  if (shardlet === undefined || shardlet.owner !== host || shardlet.epoch !== replica.epoch) return true;
  const { kind } = shardlet.state;
  return kind === 'closed' || kind === 'closedMoving' || kind === 'gone';
}

/**
 * The host has confirmed to the topology store more than it shows now. What is `opening` was not confirmed yet at its
 * epoch; but what is to be raised was there, and what a move is to open was ready.
 */
function lacks(shardlet: Shardlet, found: ReplicaInfo | ReplicaDetails | Stale | undefined): boolean {
  const { state, epoch } = shardlet;
  if (state.kind === 'gone') return false;
  if (state.kind === 'opening' && state.job.kind !== 'raise' && state.job.kind !== 'migrate') return false;
  if (found === undefined || 'kind' in found || found.mode === 'dropped') return true;
  if (state.kind === 'opening')
    return state.job.kind === 'migrate' && (found.epoch < epoch || found.mode === 'shadow');
  if (found.epoch !== epoch) return found.epoch < epoch;
  const isEnded = state.kind === 'closed' || state.kind === 'closedMoving';
  return isEnded && found.lastSeq < state.finalSeq;
}
