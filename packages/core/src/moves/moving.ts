/**
 *   prepare --shadow--> copy --all equal--> verify --seal--> cutover --ready, commit--> open --settle--> (finished)
 *                                                             (both after a mark, on what the hosts show after it)
 *                       | ^                  |  |               |
 *                       | +-- new appends, --+  |               |
 *                       |     a difference      |               | the copy cannot be completed
 *                       +-----------+-----------+               v
 *   (paused) <-- order: pause ------+----- order: abort --> done: source raised, or the topology store alone --> (aborted)
 *
 * A move from its shadow to its end: the shadow is filled and compared while appends go on, the source is
 * sealed, the rest follows, the copy is declared complete, the topology store gives it the shardlet, it opens. Only
 * between the seal and the opening do edges wait; in that time nobody is asked and nothing is throttled.
 *
 * A closed shardlet takes the same way without seal and opening. Whoever takes the work over begins here
 * again: each step finds what was done before, and the commit in the topology store decides between any number of
 * workers. Until it, an order to abort gives the shardlet back to its source at a new epoch.
 */
import type { ReplicaDetails, ReplicaMode, Stale } from '../hosts/index.ts';
import {
  type Action,
  type Answer,
  finish,
  type Machine,
  type MoveOrder,
  type MovePhase,
  type MoveProgress,
  type MoveStep,
  notCreated,
  type Outcome,
  type Step,
  settled,
  stale,
  unexpected,
} from '../machines/index.ts';
import { openingMachines } from '../restructuring/index.ts';
import {
  abortClosedMove,
  abortMigration,
  commitClosedMove,
  commitMigration,
  type Shardlet,
  settleOpening,
} from '../topology/index.ts';
import {
  bytesOf,
  type Copy,
  doubted,
  hurried,
  isLast,
  lagOf,
  lookedAgain,
  nextOfCopy,
  onCopy,
  onSource,
  type Span,
  startCopy,
  takeAnswer,
  withOrder,
} from './copying.ts';
import type { MoveTask } from './move-task.ts';

/** Looks at both sides in a row that brought nothing: something is wrong that copying does not mend. */
const FRUITLESS_LOOKS_MAX = 20;

interface State {
  readonly phase: MovePhase;
  readonly copy: Copy | undefined;
  /** answers of the current step that are still to come */
  readonly waiting: number;
  readonly look: boolean;
  readonly sides: { readonly source?: ReplicaDetails; readonly copy?: ReplicaDetails };
  readonly differed: Span | undefined;
  /** the source takes no appends any more: its last seq */
  readonly finalSeq: number | undefined;
  readonly order: MoveOrder | undefined;
  readonly bytes: number;
  readonly records: number;
  readonly fruitlessLooks: number;
  /** the sum of the copy was another: nothing is believed any more */
  readonly doubts: boolean;
  /** of the source, when the copy was found to be ready: sealed again it ends at another time */
  readonly finalTs: number | undefined;
  /** both hosts were marked since then: what they show now is decided on */
  readonly isProven: boolean;
}

const INITIAL: State = {
  phase: 'prepare',
  copy: undefined,
  waiting: 0,
  look: false,
  sides: {},
  differed: undefined,
  finalSeq: undefined,
  order: undefined,
  bytes: 0,
  records: 0,
  fruitlessLooks: 0,
  doubts: false,
  finalTs: undefined,
  isProven: false,
};

export function movingMachine(task: MoveTask): Machine<State> {
  const { stream, range } = task.shardlet;
  const spec = { stream, range, dedup: task.dedup };
  return {
    name: task.name,
    start: () => ask(INITIAL, [{ kind: 'createShadow', ...onCopy(task), spec }]),
    step(before, answer) {
      const state = { ...before, waiting: before.waiting - 1 };
      const step = react(task, state, answer);
      if (step.outcome !== undefined || step.actions.length > 0 || step.state.waiting > 0) return step;
      return plan(task, step.state);
    },
  };
}

function ask(state: State, actions: readonly Action[]): Step<State> {
  return { state: { ...state, waiting: state.waiting + actions.length }, actions };
}

function keep(state: State): Step<State> {
  return { state, actions: [] };
}

function react(task: MoveTask, state: State, answer: Answer): Step<State> {
  switch (answer.kind) {
    case 'createShadow':
      if (answer.reply.kind !== 'created') return finish(state, notCreated(task.name, answer.reply));
      return ask({ ...state, look: true }, [note(task, 'shadow created')]);
    case 'note':
      return keep(state);
    case 'consult':
      return keep(consulted(state, answer));
    case 'describe':
      return afterDescribe(task, state, answer);
    case 'seal':
      if (answer.reply.kind === 'stale') return finish(state, stale(task.name, answer.reply));
      return ask({ ...state, finalSeq: answer.reply.lastSeq, look: true }, [
        note(task, 'sealed', `at seq ${answer.reply.lastSeq}`),
      ]);
    case 'ready':
      return afterReady(task, state, answer.reply);
    case 'open':
      if (answer.reply.kind === 'stale') return finish(state, stale(task.name, answer.reply));
      return ask(state, [{ kind: 'prove', host: task.move.dest }]);
    case 'prove':
      return afterProof(task, state);
    case 'decide':
      return afterDecision(task, state, answer);
    case 'run':
      return ask({ ...state, phase: 'done' }, [note(task, 'aborted', orderReason(state))]);
    default:
      return copied(task, state, answer);
  }
}

// Looking at both sides

const SOURCE_MODES: readonly ReplicaMode[] = ['open', 'sealed'];
const CLOSED_MODES: readonly ReplicaMode[] = ['sealed', 'ready'];

function afterDescribe(
  task: MoveTask,
  state: State,
  { action, reply }: Extract<Answer, { kind: 'describe' }>,
): Step<State> {
  const isSource = action.host === task.move.source;
  const side = isSource ? 'source' : 'copy';
  if (state.phase === 'open') return settle(task, state, reply);
  const modes = isSource ? (task.finalSeq === undefined ? SOURCE_MODES : CLOSED_MODES) : ['shadow', 'ready'];
  const epoch = isSource ? task.shardlet.epoch : task.move.nextEpoch;
  if ('kind' in reply) return finish(state, stale(`${task.name}: the ${side}`, reply));
  if (reply.epoch !== epoch || !modes.includes(reply.mode))
    return finish(state, stale(`${task.name}: the ${side}`, asStale(reply)));
  const sides = { ...state.sides, [side]: reply };
  if (sides.source === undefined || sides.copy === undefined) return keep({ ...state, sides });
  return compareSides(task, { ...state, sides: {}, look: false }, sides.source, sides.copy);
}

function asStale({ epoch, mode }: ReplicaDetails): Stale {
  return { kind: 'stale', epoch, mode };
}

function compareSides(
  task: MoveTask,
  before: State,
  source: ReplicaDetails,
  found: ReplicaDetails,
): Step<State> {
  const finalSeq = task.finalSeq ?? (source.mode === 'sealed' ? source.lastSeq : undefined);
  if (found.mode === 'ready') return end(task, before, { source, found, finalSeq });
  if (before.isProven) return finish(before, stale(`${task.name}: the copy`, asStale(found)));
  if (task.finalSeq !== undefined && source.lastSeq !== task.finalSeq)
    return finish(before, stale(`${task.name}: the source ends at ${source.lastSeq}`, asStale(source)));
  const looked =
    before.copy === undefined ? startCopy(source, found) : lookedAgain(before.copy, source, found);
  const isSealed = finalSeq !== undefined && task.finalSeq === undefined;
  const copy = isSealed && !before.doubts ? hurried(looked, finalSeq) : looked;
  const hasMoved = before.copy === undefined || copy.lastSeq !== before.copy.lastSeq;
  const fruitlessLooks = hasMoved ? 0 : before.fruitlessLooks + 1;
  const phase: MovePhase = isSealed ? 'cutover' : 'copy';
  const state = { ...before, copy, finalSeq, fruitlessLooks, phase };
  if (fruitlessLooks > FRUITLESS_LOOKS_MAX)
    return giveUp(task, state, {
      kind: 'blocked',
      detail: `${task.name}: the two sides cannot be made equal`,
    });
  return mend(task, state, source, found);
}

/** What differs although neither side was trimmed there is cut off, to be copied again. */
function mend(task: MoveTask, before: State, source: ReplicaDetails, found: ReplicaDetails): Step<State> {
  const { differed } = before;
  const state = { ...before, differed: undefined };
  if (differed === undefined || Math.max(source.firstSeq, found.firstSeq) > differed.from) return keep(state);
  return ask(state, [
    note(task, 'differed', `from seq ${differed.from} to ${differed.to}: copied again`),
    { kind: 'truncate', ...onCopy(task), seq: differed.from - 1 },
  ]);
}

// Copying

function copied(task: MoveTask, before: State, answer: Answer): Step<State> {
  const taken = before.copy && takeAnswer(task, before.copy, answer);
  if (taken === undefined) return unexpected(task.name, answer);
  const state = counted(before, answer);
  switch (taken.kind) {
    case 'copy':
      return ask({ ...state, copy: taken.copy }, taken.actions ?? []);
    case 'look':
      return keep({ ...state, copy: taken.copy, look: true, differed: taken.differed ?? state.differed });
    case 'end':
      return taken.outcome.kind === 'blocked'
        ? giveUp(task, state, taken.outcome)
        : finish(state, taken.outcome);
  }
}

function counted(state: State, answer: Answer): State {
  if (answer.kind !== 'ingest' || answer.reply.kind !== 'ingested') return state;
  const { records } = answer.action;
  return { ...state, bytes: state.bytes + bytesOf(records), records: state.records + records.length };
}

/** More may have been copied while it was told. */
function consulted(state: State, { action, reply }: Extract<Answer, { kind: 'consult' }>): State {
  const { bytes, records } = action.progress;
  return { ...state, order: reply, bytes: state.bytes - bytes, records: state.records - records };
}

// What comes next, when every answer is there

function plan(task: MoveTask, state: State): Step<State> {
  if (state.phase === 'done') return finish(state, { kind: 'aborted', detail: orderReason(state) });
  if (state.look || state.copy === undefined) return look(task, state);
  if (!isUrgent(task, state) && state.order !== undefined && state.order.kind !== 'go')
    return obey(task, state, state.order);
  const { copy, actions } = nextOfCopy(task, state.order ? withOrder(state.copy, state.order) : state.copy);
  if (actions.length > 0) return goOn(task, { ...state, copy }, actions);
  if (state.finalSeq !== undefined) return ask(state, [declaration(task, state.copy, state.finalSeq)]);
  if (state.phase !== 'verify')
    return consult(task, { ...state, phase: 'verify' }, [noteCopied(task, state.copy)]);
  return ask({ ...state, phase: 'cutover' }, [{ kind: 'seal', ...onSource(task) }]);
}

/** Edges wait: nothing may hold it up. */
function isUrgent(task: MoveTask, { finalSeq }: State): boolean {
  return finalSeq !== undefined && task.finalSeq === undefined;
}

function goOn(task: MoveTask, state: State, actions: readonly Action[]): Step<State> {
  const { copy, finalSeq } = state;
  if (finalSeq !== undefined && copy !== undefined && isUrgent(task, state)) {
    const isEnd = isLast(copy, actions, finalSeq);
    return ask(state, isEnd ? [...actions, declaration(task, copy, finalSeq)] : actions);
  }
  return consult(task, { ...state, phase: 'copy' }, actions);
}

function consult(task: MoveTask, state: State, actions: readonly Action[]): Step<State> {
  return ask(state, [...actions, { kind: 'consult', move: task.move, progress: progressOf(state) }]);
}

function progressOf({ phase, bytes, records, copy }: State): MoveProgress {
  const copiedSeq = copy?.lastSeq ?? 0;
  return { phase, bytes, records, copiedSeq, sourceSeq: copiedSeq + (copy ? lagOf(copy) : 0) };
}

/** While edges wait the rest is asked for beside the look. */
function look(task: MoveTask, state: State): Step<State> {
  const describes = looks(task);
  const { copy: known, finalSeq, fruitlessLooks, doubts } = state;
  const isFirst = fruitlessLooks === 0 && !doubts;
  if (known === undefined || finalSeq === undefined || !isUrgent(task, state) || !isFirst)
    return ask(state, describes);
  const { copy, actions } = nextOfCopy(task, hurried({ ...known, atEnd: false }, finalSeq));
  const asked = actions.filter(({ kind }) => kind === 'read' || kind === 'digest');
  return ask({ ...state, copy }, [...describes, ...asked]);
}

function looks(task: MoveTask): Action[] {
  const { id: shardlet } = task.shardlet;
  return [
    { kind: 'describe', host: task.move.source, shardlet },
    { kind: 'describe', host: task.move.dest, shardlet },
  ];
}

function obey(task: MoveTask, state: State, order: Exclude<MoveOrder, { kind: 'go' }>): Step<State> {
  if (order.kind === 'pause') return finish(state, { kind: 'paused', detail: order.reason });
  return abort(task, state);
}

// The end

function declaration(task: MoveTask, { source, verified }: Copy, finalSeq: number): Action {
  const idSets = source.inheritedIdSets.map((set) => set.name);
  const expect = { firstSeq: verified.from, finalSeq, digest: verified.digest, idSets, last: source.last };
  return { kind: 'ready', ...onCopy(task), expect };
}

function afterReady(
  task: MoveTask,
  state: State,
  reply: Extract<Answer, { kind: 'ready' }>['reply'],
): Step<State> {
  if (reply.kind === 'stale') return finish(state, stale(task.name, reply));
  const { copy } = state;
  if (reply.kind === 'ready') return prove(task, { ...state, finalTs: copy?.source.last });
  if (copy === undefined || reply.because !== 'digest') return keep({ ...state, look: true });
  return keep({ ...state, copy: doubted(copy), doubts: true, look: true });
}

/** The copy is ready. Both sides show that this is the end, are marked, and show it still: then it is committed. */
function end(
  task: MoveTask,
  state: State,
  {
    source,
    found,
    finalSeq,
  }: { source: ReplicaDetails; found: ReplicaDetails; finalSeq: number | undefined },
): Step<State> {
  const { finalTs = source.last, isProven } = state;
  const isSame = finalSeq === found.lastSeq && source.lastSeq === finalSeq && source.last === finalTs;
  if (!isSame) return undo(task, state, source);
  return isProven ? commit(task, { ...state, finalSeq }) : prove(task, { ...state, finalSeq, finalTs });
}

/** The source went back to before its seal: a copy that is ready takes no more records, so the move is given up. */
function undo(task: MoveTask, state: State, source: ReplicaDetails): Step<State> {
  const reason = `${task.name}: the source ends no more where the copy does`;
  if (task.finalSeq !== undefined) return finish(state, stale(reason, asStale(source)));
  return abort(task, { ...state, order: { kind: 'abort', reason } });
}

function prove(task: MoveTask, state: State): Step<State> {
  const { source, dest } = task.move;
  return ask(state, [
    { kind: 'prove', host: source },
    { kind: 'prove', host: dest },
  ]);
}

/**
 * Of both sides before the commit, of the destination before it is settled. A host that went back before its mark
 * is whole by it, and does not show any more what it had shown: so it is looked at after the mark.
 */
function afterProof(task: MoveTask, state: State): Step<State> {
  if (state.waiting > 0) return keep(state);
  if (state.phase !== 'open') return ask({ ...state, isProven: true }, looks(task));
  return ask(state, [{ kind: 'describe', host: task.move.dest, shardlet: task.shardlet.id }]);
}

function settle(task: MoveTask, state: State, found: ReplicaDetails | Stale): Step<State> {
  const { nextEpoch } = task.move;
  if ('kind' in found) return finish(state, stale(`${task.name}: the copy`, found));
  if (found.epoch !== nextEpoch || found.mode !== 'open')
    return finish(state, stale(`${task.name}: the copy`, asStale(found)));
  return ask(state, [decide(settleOpening(task.shardlet.id, nextEpoch)), note(task, 'opened')]);
}

function commit(task: MoveTask, state: State): Step<State> {
  const { shardlet: id, nextEpoch } = task.move;
  const decision =
    task.finalSeq === undefined
      ? commitMigration(id, nextEpoch, state.finalSeq!)
      : commitClosedMove(id, nextEpoch);
  const rest = progressOf({ ...state, phase: 'open' });
  return ask({ ...state, phase: 'open' }, [
    decide(decision),
    {
      kind: 'note',
      move: task.move,
      step: { what: 'ready', bytes: state.bytes, detail: '', progress: rest },
    },
  ]);
}

function abort(task: MoveTask, state: State): Step<State> {
  const { shardlet: id, nextEpoch } = task.move;
  return ask({ ...state, phase: 'done' }, [
    decide(task.finalSeq === undefined ? abortMigration(id, nextEpoch) : abortClosedMove(id, nextEpoch)),
  ]);
}

/** While edges wait the source gets its shardlet back at once; else a later attempt may find room. */
function giveUp(task: MoveTask, state: State, why: Outcome & { readonly detail: string }): Step<State> {
  if (!isUrgent(task, state)) return finish(state, why);
  return abort(task, { ...state, order: { kind: 'abort', reason: why.detail } });
}

function afterDecision(
  task: MoveTask,
  state: State,
  { action, reply }: Extract<Answer, { kind: 'decide' }>,
): Step<State> {
  const { name } = action.decision;
  if (reply.kind === 'refused') return finish(state, settled(task.name, reply));
  if (name === 'commitMigration')
    return ask(state, [{ kind: 'open', ...onCopy(task) }, note(task, 'committed')]);
  if (name !== 'abortMigration' && name !== 'abortClosedMove') return finish(state);
  if (name === 'abortClosedMove') return ask(state, [note(task, 'aborted', orderReason(state))]);
  const machines = openingMachines([{ shardlet: reply.result as Shardlet, dedup: task.dedup, parents: [] }]);
  return ask(state, [{ kind: 'run', machines }]);
}

function orderReason({ order }: State): string {
  return order === undefined || order.kind === 'go' ? '' : order.reason;
}

// Small things

function decide(decision: Extract<Action, { kind: 'decide' }>['decision']): Action {
  return { kind: 'decide', decision };
}

function note(task: MoveTask, what: MoveStep['what'], detail = ''): Action {
  return { kind: 'note', move: task.move, step: { what, bytes: 0, detail } };
}

function noteCopied(task: MoveTask, { source, verified }: Copy): Action {
  const detail = `${verified.digest.count} records from seq ${verified.from} to ${verified.to} are equal`;
  return { kind: 'note', move: task.move, step: { what: 'verified', bytes: source.bytes, detail } };
}
