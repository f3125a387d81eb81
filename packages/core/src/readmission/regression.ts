/**
 *                              +<-- a batch --+    +<-- a batch --+
 *                              v              |    v              |
 *   admitting --> listing --> asking ---------+--> resealing -----+--> tidying --> (renewing)
 *
 * Takes a host into use again that went back to an older state, once a person has accepted what it lost:
 *
 *   admitting   the host begins its next generation, so no answer to an older request counts any more, promises
 *               to be past what it owns comes after, and raises its create floor again, so no late request puts
 *               back what is missing
 *   listing     all it holds
 *   asking      what is left of each shardlet it owns, at most 100 at a time; then the topology store gives them new epochs
 *               and notes what was lost, until nothing is left to ask about
 *   resealing   closed shardlets that came back with less are brought to their new epoch, sealed
 *   tidying     what the topology store has elsewhere, or no more, is dropped again; what it was given meanwhile is named as lost
 *   (renewing)  what takes appends is raised or created anew, and the run is published: as after a restart
 *
 * All progress stands in the topology store and on the host: begun again at any point, it finishes the same work.
 */
import type { ReplicaDetails, ReplicaInfo, Stale } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import {
  type Action,
  type Answer,
  finish,
  inSequence,
  type Machine,
  type Outcome,
  type Step,
  settled,
  stale,
  unexpected,
} from '../machines/index.ts';
import { openingOf } from '../moves/index.ts';
import {
  answeredAbout,
  type Opening,
  questionsAbout,
  type RefusedCreation,
  refusedCreation,
  withSealedOnly,
} from '../restructuring/index.ts';
import {
  askAgain,
  type Host,
  involves,
  isRemnant,
  nameLost,
  READMISSION_BATCH_MAX,
  type Regressed,
  readmitRemnants,
  type Shardlet,
  type TopologyMap,
} from '../topology/index.ts';
import { certainSeqOf, isReadable, isWhole, remnantOf } from './remnant.ts';
import { renewingMachine } from './renewing.ts';

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
  readonly isAdmitted: boolean;
  readonly held: ReadonlyMap<number, ReplicaInfo>;
  /** of the batch that is asked about: the answers so far */
  readonly details: ReadonlyMap<number, ReplicaDetails | Stale>;
  readonly certain: ReadonlyMap<number, number>;
  readonly batch: readonly Shardlet[];
  /** closed shardlets that are sealed at their new epoch */
  readonly resealed: ReadonlySet<number>;
  readonly isTidied: boolean;
  /** another state was put in its place since it was asked, and nothing else shows it */
  readonly mustAskAgain: boolean;
  /** answers of the current step that are still to come */
  readonly waiting: number;
}

const NOTHING: State = {
  isAdmitted: false,
  held: new Map(),
  details: new Map(),
  certain: new Map(),
  batch: [],
  resealed: new Set(),
  isTidied: false,
  mustAskAgain: false,
  waiting: 0,
};

function remnantsMachine(
  host: number,
  noted: string,
  { accepted, certainTs, promise }: Regressed,
): Machine<State> {
  const name = `what is left on host ${host}`;
  return {
    name,
    start: () => ({ state: NOTHING, actions: [{ kind: 'adopt', host }] }),
    step(state, answer) {
      switch (answer.kind) {
        case 'adopt':
          if (!answer.reply) return finish(state, other(host));
          return readTopology(state);
        case 'admit':
          return answer.reply.kind === 'behind'
            ? finish(state, behind(host, answer.reply.byMicros))
            : {
                state: { ...state, isAdmitted: true },
                actions: [{ kind: 'createFloor', host, floor: accepted! + 1 }],
              };
        case 'createFloor':
          return page(state, host, 0);
        case 'list':
          return afterList(state, answer);
        case 'readTopology':
          if (state.isAdmitted) return go(state, host, noted, certainTs, answer.reply);
          return admit(state, host, accepted!, Math.max(promise, lastOfAncestors(answer.reply, host)));
        case 'open':
          return afterOpening(state, answer);
        case 'describe':
        case 'seek':
          return afterQuestion(state, noted, answer);
        case 'decide':
          if (state.mustAskAgain) return finish(state, otherState(host));
          return readTopology({ ...state, batch: [], details: new Map(), certain: new Map() });
        case 'run':
          return afterRun(state, answer.reply);
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

function otherState(host: number) {
  return { kind: 'stale', detail: `host ${host} is in another state than the one that was asked` } as const;
}

function admit(state: State, host: number, generation: number, promise: number): Step<State> {
  return { state, actions: [{ kind: 'admit', host, generation, promise }] };
}

/**
 * What begins anew comes after what its ancestors hold, in time as well. They may be on other hosts, whose clocks
 * are ahead of all that this one has promised.
 */
function lastOfAncestors(map: TopologyMap, host: number): number {
  const waiting = [...map.shardlets()].filter((s) => s.owner === host).flatMap((s) => s.parents);
  const seen = new Set<number>();
  let last = 0;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const ancestor = seen.has(id) ? undefined : map.shardlet(id);
    seen.add(id);
    if (ancestor === undefined) continue;
    if ('finalTs' in ancestor.state) last = Math.max(last, ancestor.state.finalTs);
    waiting.push(...ancestor.parents);
  }
  return last;
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
  const owned = mine.filter((s) => s.owner === host);
  if (owned.some((s) => !endsAsClosed(s, state)))
    return {
      state: { ...state, mustAskAgain: true },
      actions: [{ kind: 'decide', decision: askAgain(host, noted, certainTs) }],
    };
  const unsealed = owned.filter((s) => needsSeal(s, state));
  if (unsealed.length > 0) return reseal(state, map, parentsFirst(unsealed).slice(0, READMISSION_BATCH_MAX));
  return tidy(state, { host, noted, certainTs }, map);
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
  else certain.set(shardlet, certainSeqOf(answer.reply));
  const state = { ...before, details, certain, waiting: before.waiting - 1 };
  return state.waiting > 0 ? { state, actions: [] } : decide(state, host, noted);
}

function decide(state: State, host: number, noted: string): Step<State> {
  const remnants = state.batch.map(({ id }) =>
    remnantOf(id, state.details.get(id), state.certain.get(id) ?? 0),
  );
  return { state, actions: [{ kind: 'decide', decision: readmitRemnants(host, noted, remnants) }] };
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

/** As many records as the topology store has noted: one that is not held is closed at 0. */
function endsAsClosed(shardlet: Shardlet, { held }: State): boolean {
  const found = held.get(shardlet.id);
  return isItsEnd(shardlet, isReadable(found) ? found.lastSeq : 0);
}

function isItsEnd({ state }: Shardlet, lastSeq: number): boolean {
  return state.kind !== 'closed' || state.finalSeq === lastSeq;
}

function reseal(before: State, map: TopologyMap, batch: readonly Shardlet[]): Step<State> {
  const machines = batch.map((shardlet) => {
    return resealingMachine(openingOf(map, shardlet), isReadable(before.held.get(shardlet.id)));
  });
  return { state: { ...before, batch }, actions: [{ kind: 'run', machines }] };
}

/** Of closed shardlets that were sealed anew, or of strays. */
function afterRun(before: State, outcomes: readonly Outcome[]): Step<State> {
  const unfinished = outcomes.find((o) => o.kind !== 'finished');
  if (unfinished !== undefined) return finish(before, unfinished);
  if (before.isTidied) return finish(before);
  const resealed = new Set([...before.resealed, ...before.batch.map((s) => s.id)]);
  return readTopology({ ...before, resealed, batch: [] });
}

/**
 *   held:      raise -----------------+
 *   not held:  drop --> createOpen ---+--> seal --> (finished)
 *                       (parents-beside.ts) +-----> (stale, also where it ends elsewhere by now)
 *
 * What is not held is closed at 0, as the topology store has it.
 */
function resealingMachine(
  { shardlet, dedup, parents }: Opening,
  held: boolean,
): Machine<RefusedCreation | null> {
  const { owner: host, id, epoch, stream, range } = shardlet;
  const name = `closing of shardlet ${id} at what host ${host} has left`;
  const at = { host, shardlet: id, epoch };
  const next = (action: Action): Step<null> => ({ state: null, actions: [action] });
  const seal: Action = { kind: 'seal', ...at };
  return {
    name,
    start: () => next(held ? { kind: 'raise', ...at } : { kind: 'drop', ...at, epoch: epoch - 1 }),
    step(state, answer) {
      switch (answer.kind) {
        case 'drop':
          return next({ kind: 'createOpen', ...at, spec: { stream, range, dedup }, parents });
        case 'createOpen': {
          const refused = refusedCreation(answer.action, answer.reply);
          return refused === undefined ? next(seal) : { state: refused, actions: questionsAbout(refused) };
        }
        case 'describe': {
          const known = answeredAbout(state!, answer);
          if (known.open.length > 0) return { state: known, actions: [] };
          return next(withSealedOnly(known) ?? seal);
        }
        case 'raise':
          // stale: it was sealed at this epoch before, which the seal confirms
          return next(seal);
        case 'seal':
          if (answer.reply.kind === 'stale') return finish(null, stale(name, answer.reply));
          return finish(null, isItsEnd(shardlet, answer.reply.lastSeq) ? undefined : otherState(host));
        default:
          return unexpected(name, answer);
      }
    },
  };
}

/** What should not be there: dropped before, moved away, or of a shardlet that is gone. */
function tidy(before: State, at: Asking, map: TopologyMap): Step<State> {
  const machines = [...before.held.values()].flatMap((replica) => {
    const known = map.shardlet(replica.shardlet);
    const isOwn = known?.owner === at.host && known.state.kind !== 'gone';
    if (replica.mode === 'dropped' || isOwn) return [];
    // what a move has not let go of yet stays, but takes no appends
    const isKept = known !== undefined && known.state.kind !== 'gone' && involves(known, at.host);
    if (isKept && replica.mode !== 'open') return [];
    return [strayMachine(replica, at, { isKnown: known !== undefined, isKept })];
  });
  const state = { ...before, isTidied: true };
  return machines.length > 0 ? { state, actions: [{ kind: 'run', machines }] } : finish(state);
}

/**
 *   open: seal --known--> seek --> name it as lost --+
 *          |  +--unknown-----------------------------+--> drop --> (finished)
 *          v                                         |     (one that a move still needs stays, sealed)
 *       (stale)             not open: ---------------+
 *
 * Callers with an old map may have been answered by an open one since the host went back, so what it was given
 * is named as lost before it is dropped.
 */
function strayMachine(
  { shardlet, epoch, mode }: ReplicaInfo,
  { host, noted, certainTs }: Asking,
  { isKnown, isKept }: { readonly isKnown: boolean; readonly isKept: boolean },
): Machine<null> {
  const name = `stray replica of shardlet ${shardlet} on host ${host}`;
  const at = { host, shardlet, epoch };
  const next = (action: Action): Step<null> => ({ state: null, actions: [action] });
  const end = () => (isKept ? finish(null) : next({ kind: 'drop', ...at }));
  return {
    name,
    start: () => (mode === 'open' ? next({ kind: 'seal', ...at }) : end()),
    step(_, answer) {
      switch (answer.kind) {
        case 'seal':
          if (answer.reply.kind === 'stale') return finish(null, stale(name, answer.reply));
          return isKnown ? next({ kind: 'seek', host, shardlet, ts: certainTs }) : end();
        case 'seek': {
          const lost = { shardlet, epoch: epoch + 1, seq: certainSeqOf(answer.reply) };
          return next({ kind: 'decide', decision: nameLost(host, noted, lost) });
        }
        case 'decide':
          if (answer.reply.kind === 'refused' && answer.reply.refusal.reason !== 'exists')
            return finish(null, settled(name, answer.reply));
          return end();
        case 'drop':
          return finish(null);
        default:
          return unexpected(name, answer);
      }
    },
  };
}
