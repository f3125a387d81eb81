/**
 * Takes a host into use again that went back to an older state, once a person has accepted what it lost:
 *
 *   admitting   the host begins its next generation, so no answer to an older request counts any more
 *   listing     all it holds
 *   asking      what is left of each shardlet it owns, at most 100 at a time; then T gives them new epochs
 *               and notes what was lost, until nothing is left to ask about
 *   resealing   closed shardlets that came back with less are brought to their new epoch, sealed
 *   tidying     what T has elsewhere, or no more, is dropped again, and the create floor raised again
 *   (renewing)  what takes appends is raised or created anew, and the run is published: as after a restart
 *
 * All progress stands in T and on the host: begun again at any point, it finishes the same work.
 */
import type { ReplicaDetails, ReplicaInfo, Stale } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import {
  floorOf,
  type Host,
  involves,
  isRemnant,
  READMISSION_BATCH_MAX,
  type Regressed,
  type Remnant,
  readmitRemnants,
  type Shardlet,
  type TopologyMap,
} from '../topology/index.ts';
import { openingOf } from './backlog.ts';
import {
  type Action,
  type Answer,
  finish,
  type Machine,
  type Outcome,
  type Step,
  stale,
  unexpected,
} from './machine.ts';
import { type Opening, withoutParents } from './opening.ts';
import { renewingMachine } from './renewing.ts';
import { inSequence } from './sequence.ts';

const LIST_PAGE = 1_000;

/**
 * REQUIRES that every host call goes to the noted run. `markPromise`: of the mark that it holds now; it may have
 * gone back once more since the loss was accepted.
 */
export function regressionMachine(host: Host, noted: string, markPromise: number): Machine<number> {
  const regressed = host.readmission?.regressed;
  invariant(regressed?.accepted !== undefined, `nobody has accepted what host ${host.id} lost`);
  return inSequence(`readmission of host ${host.id} with a loss`, [
    remnantsMachine(host.id, noted, { ...regressed, certainTs: Math.min(regressed.certainTs, markPromise) }),
    renewingMachine(host, noted),
  ]);
}

interface State {
  readonly held: ReadonlyMap<number, ReplicaInfo>;
  /** of the batch that is asked about: the answers so far */
  readonly details: ReadonlyMap<number, ReplicaDetails | Stale>;
  readonly certain: ReadonlyMap<number, number>;
  readonly batch: readonly Shardlet[];
  /** closed shardlets that are sealed at their new epoch */
  readonly resealed: ReadonlySet<number>;
  /** answers of the current step that are still to come */
  readonly waiting: number;
  readonly floor: number;
}

const NOTHING: State = {
  held: new Map(),
  details: new Map(),
  certain: new Map(),
  batch: [],
  resealed: new Set(),
  waiting: 0,
  floor: 0,
};

function remnantsMachine(
  host: number,
  noted: string,
  { accepted, certainTs, promise }: Regressed,
): Machine<State> {
  const name = `what is left on host ${host}`;
  return {
    name,
    begin: () => ({ state: NOTHING, actions: [{ kind: 'adopt', host }] }),
    step(state, answer) {
      switch (answer.kind) {
        case 'adopt':
          if (!answer.reply) return finish(state, other(host));
          return { state, actions: [{ kind: 'admit', host, generation: accepted!, promise }] };
        case 'admit':
          return answer.reply.kind === 'behind'
            ? finish(state, behind(host, answer.reply.byMicros))
            : page(state, host, 0);
        case 'list':
          return afterList(state, answer);
        case 'readTopology':
          return go(state, host, noted, certainTs, answer.reply);
        case 'open':
          return afterOpening(state, answer);
        case 'describe':
        case 'seek':
          return afterQuestion(state, noted, answer);
        case 'decide':
          return readTopology({ ...state, batch: [], details: new Map(), certain: new Map() });
        case 'run':
          return afterResealing(state, answer.reply);
        case 'drop':
        case 'seal':
          return afterTidying(state, host);
        case 'createFloor':
          return finish(state);
        default:
          return unexpected(name, answer);
      }
    },
  };
}

function other(host: number) {
  const detail = `the store at the address of host ${host} belongs to another host`;
  return { kind: 'refused', reason: 'other', detail } as const;
}

function behind(host: number, byMicros: number) {
  const seconds = Math.ceil(byMicros / 1e6);
  return {
    kind: 'blocked',
    detail: `the clock of host ${host} has to pass what it promised: ${seconds} s`,
  } as const;
}

function page(state: State, host: number, after: number): Step<State> {
  return { state, actions: [{ kind: 'list', host, after, limit: LIST_PAGE }] };
}

function afterList(before: State, { action, reply }: Extract<Answer, { kind: 'list' }>): Step<State> {
  const held = new Map([...before.held, ...reply.map((r) => [r.shardlet, r] as const)]);
  const state = { ...before, held };
  return reply.length < action.limit ? readTopology(state) : page(state, action.host, reply.at(-1)!.shardlet);
}

function readTopology(state: State): Step<State> {
  return { state, actions: [{ kind: 'readTopology' }] };
}

function go(state: State, host: number, noted: string, certainTs: number, map: TopologyMap): Step<State> {
  const now = map.host(host);
  if (now?.readmission?.incarnation !== noted || now.readmission.regressed?.accepted === undefined)
    return finish(state, { kind: 'stale', detail: `host ${host} is not being readmitted as run ${noted}` });
  const mine = [...map.shardlets()].filter((s) => involves(s, host)).sort((a, b) => a.id - b.id);
  const left = mine.filter((s) => isRemnant(s, now) && !isWhole(s, state.held.get(s.id), certainTs));
  if (left.length > 0) return ask(state, { host, noted, certainTs }, left.slice(0, READMISSION_BATCH_MAX));
  const unsealed = mine.filter((s) => s.owner === host && needsSeal(s, state));
  if (unsealed.length > 0) return reseal(state, map, parentsFirst(unsealed).slice(0, READMISSION_BATCH_MAX));
  return tidy(state, host, map);
}

/** A closed shardlet that is as T closed it: complete and certain, or proven equal when it was copied there. */
function isWhole({ state, epoch }: Shardlet, found: ReplicaInfo | undefined, certainTs: number): boolean {
  if (state.kind !== 'closed' && state.kind !== 'closedMoving') return false;
  if (found === undefined || found.epoch !== epoch || found.lastSeq !== state.finalSeq) return false;
  return found.mode === 'ready' || (found.mode === 'sealed' && state.finalTs <= certainTs);
}

function isReadable(found: ReplicaInfo | undefined): found is ReplicaInfo {
  return found !== undefined && ['open', 'sealed', 'ready'].includes(found.mode);
}

/** A copy that was ready for its new owner is complete: it is opened before anything is asked of it. */
interface Asking {
  readonly host: number;
  readonly noted: string;
  readonly certainTs: number;
}

function ask(before: State, { host, noted, certainTs }: Asking, batch: readonly Shardlet[]): Step<State> {
  const readable = batch
    .filter((s) => s.owner === host)
    .map((s) => before.held.get(s.id))
    .filter((found) => isReadable(found));
  const ready = readable.filter((found) => found.mode === 'ready');
  const actions =
    ready.length > 0
      ? ready.map(({ shardlet, epoch }): Action => ({ kind: 'open', host, shardlet, epoch }))
      : readable.flatMap(({ shardlet }): Action[] => [
          { kind: 'describe', host, shardlet },
          { kind: 'seek', host, shardlet, ts: certainTs },
        ]);
  const state = { ...before, batch, waiting: actions.length };
  return actions.length > 0 ? { state, actions } : decide(state, host, noted);
}

function afterOpening(before: State, { action, reply }: Extract<Answer, { kind: 'open' }>): Step<State> {
  if (reply.kind === 'stale')
    return finish(before, stale(`shardlet ${action.shardlet} on host ${action.host}`, reply));
  const found = before.held.get(action.shardlet)!;
  const held = new Map(before.held).set(action.shardlet, { ...found, mode: 'open' });
  const state = { ...before, held, waiting: before.waiting - 1 };
  return state.waiting > 0 ? { state, actions: [] } : readTopology(state);
}

function afterQuestion(
  before: State,
  noted: string,
  answer: Extract<Answer, { kind: 'describe' | 'seek' }>,
): Step<State> {
  const { host, shardlet } = answer.action;
  const details = new Map(before.details);
  const certain = new Map(before.certain);
  if (answer.kind === 'describe') details.set(shardlet, answer.reply);
  else if (answer.reply.kind === 'seq') certain.set(shardlet, answer.reply.seq - 1);
  const state = { ...before, details, certain, waiting: before.waiting - 1 };
  return state.waiting > 0 ? { state, actions: [] } : decide(state, host, noted);
}

function decide(state: State, host: number, noted: string): Step<State> {
  const remnants = state.batch.map((s) => remnantOf(state, s.id));
  return { state, actions: [{ kind: 'decide', decision: readmitRemnants(host, noted, remnants) }] };
}

function remnantOf(state: State, shardlet: number): Remnant {
  const found = state.details.get(shardlet);
  if (found === undefined || 'kind' in found)
    return { shardlet, held: false, certainSeq: 0, lastSeq: 0, last: 0 };
  const { lastSeq, last } = found;
  return {
    shardlet,
    held: true,
    certainSeq: Math.min(state.certain.get(shardlet) ?? 0, lastSeq),
    lastSeq,
    last,
  };
}

/** Those whose parents are sealed already. */
function parentsFirst(unsealed: readonly Shardlet[]): Shardlet[] {
  const ids = new Set(unsealed.map((s) => s.id));
  return unsealed.filter((s) => !s.parents.some((parent) => ids.has(parent)));
}

function needsSeal({ id, epoch, state }: Shardlet, { held, resealed }: State): boolean {
  if (state.kind !== 'closed' || resealed.has(id)) return false;
  const found = held.get(id);
  return found?.epoch !== epoch || (found.mode !== 'sealed' && found.mode !== 'ready');
}

function reseal(before: State, map: TopologyMap, batch: readonly Shardlet[]): Step<State> {
  const machines = batch.map((shardlet) => {
    return resealingMachine(openingOf(map, shardlet), isReadable(before.held.get(shardlet.id)));
  });
  return { state: { ...before, batch }, actions: [{ kind: 'run', machines }] };
}

function afterResealing(before: State, outcomes: readonly Outcome[]): Step<State> {
  const unfinished = outcomes.find((o) => o.kind !== 'finished');
  if (unfinished !== undefined) return finish(before, unfinished);
  const resealed = new Set([...before.resealed, ...before.batch.map((s) => s.id)]);
  return readTopology({ ...before, resealed, batch: [] });
}

/** held: raise, seal. Not held: drop, create, seal: closed at 0, as T has it. */
function resealingMachine({ shardlet, dedup, parents }: Opening, held: boolean): Machine<null> {
  const { owner: host, id, epoch, stream, range } = shardlet;
  const name = `closing of shardlet ${id} at what host ${host} has left`;
  const at = { host, shardlet: id, epoch };
  const next = (action: Action): Step<null> => ({ state: null, actions: [action] });
  return {
    name,
    begin: () => next(held ? { kind: 'raise', ...at } : { kind: 'drop', ...at, epoch: epoch - 1 }),
    step(_, answer) {
      switch (answer.kind) {
        case 'drop':
          return next({ kind: 'createOpen', ...at, spec: { stream, range, dedup }, parents });
        case 'createOpen':
          return next(withoutParents(answer.action, answer.reply) ?? { kind: 'seal', ...at });
        case 'raise':
          // stale: it was sealed at this epoch before, which the seal confirms
          return next({ kind: 'seal', ...at });
        case 'seal':
          return finish(null, answer.reply.kind === 'stale' ? stale(name, answer.reply) : undefined);
        default:
          return unexpected(name, answer);
      }
    },
  };
}

/**
 * What should not be there: dropped before, moved away, or of a shardlet that is gone. What a move has not let
 * go of yet stays, but takes no appends.
 */
function tidy(before: State, host: number, map: TopologyMap): Step<State> {
  const actions = [...before.held.values()].flatMap(({ shardlet, epoch, mode }): Action[] => {
    const known = map.shardlet(shardlet);
    const isKept = known !== undefined && known.state.kind !== 'gone';
    if (mode === 'dropped' || (isKept && known.owner === host)) return [];
    const kept = isKept && involves(known, host);
    if (kept && mode !== 'open') return [];
    return [{ kind: kept ? 'seal' : 'drop', host, shardlet, epoch }];
  });
  const floor = floorOf({ version: map.version, shardlets: [...map.shardlets()] });
  const state = { ...before, floor, waiting: actions.length };
  return actions.length > 0 ? { state, actions } : raiseFloor(state, host);
}

function afterTidying(before: State, host: number): Step<State> {
  const state = { ...before, waiting: before.waiting - 1 };
  return state.waiting > 0 ? { state, actions: [] } : raiseFloor(state, host);
}

function raiseFloor(state: State, host: number): Step<State> {
  return { state, actions: [{ kind: 'createFloor', host, floor: state.floor }] };
}
