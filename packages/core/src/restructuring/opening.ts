/**
 *   create  ------------> createOpen --+
 *   recreate --> drop --> createOpen --+--> all have answered --prove--> describe --> settle what is open --> (finished)
 *   raise   ------------> raise -------+           |                         |                |
 *   migrate ------------> open --------+           +-- none confirmed        +-- none open    +-- some refused
 *                                                  v                         v                v
 *                                          (stale or blocked)             (stale)     (stale or blocked)
 *
 * Finishes the opening of shardlets that have no parents to seal: the first shardlets of a stream are
 * created, those of an aborted migration or of a restarted host are raised to their new epoch in place,
 * those that the topology store has given to the destination of a migration are opened there, and those that a host
 * has lost begin anew, empty, once whatever is there in their place is dropped. The host is asked first and the
 * topology store is settled last, so a shardlet that the topology store calls open is open.
 *
 * Many at once, because a new stream or a restarted host has hundreds: the host's answers come through one
 * pipeline, and one decision settles all that it has confirmed.
 */
import type { CreateReply, DedupPolicy, ParentRef, ReplicaDetails, Stale } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import {
  type Action,
  type Answer,
  finish,
  type Machine,
  notCreated,
  type Outcome,
  type Step,
  settled,
  stale,
  unexpected,
} from '../machines/index.ts';
import {
  type ConfirmedOpening,
  SETTLING_BATCH_MAX,
  type Shardlet,
  settleOpenings,
} from '../topology/index.ts';
import {
  answeredAbout,
  type CreateOpen,
  isAbout,
  questionsAbout,
  type RefusedCreation,
  refusedCreation,
  withSealedOnly,
} from './parents-beside.ts';

interface State {
  readonly confirmed: readonly ConfirmedOpening[];
  /** the first that the host has not confirmed: the others are settled all the same */
  readonly refusal: Outcome | undefined;
  readonly waiting: number;
  /** refused for a parent, perhaps: the host is asked which of them it has sealed */
  readonly refused: readonly RefusedCreation[];
}

/** An opening, with the deduplication of its stream as the host has to apply it. */
export interface Opening {
  readonly shardlet: Shardlet;
  readonly dedup: DedupPolicy;
  /** its closed parents on this host: what begins anew knows the ids of their events, so a retry stays one */
  readonly parents: readonly ParentRef[];
}

/**
 * One machine for each batch. REQUIRES openings by `raise`, `recreate`, `migrate`, or by `create` without parents, on
 * one host.
 */
export function openingMachines(openings: readonly Opening[]): Machine<State>[] {
  const machines: Machine<State>[] = [];
  for (let at = 0; at < openings.length; at += SETTLING_BATCH_MAX)
    machines.push(openingMachine(openings.slice(at, at + SETTLING_BATCH_MAX)));
  return machines;
}

function openingMachine(batch: readonly Opening[]): Machine<State> {
  const ids = batch.map((o) => o.shardlet.id);
  const name = `opening of ${ids.length} shardlets from ${ids[0]} on host ${batch[0]?.shardlet.owner}`;
  const creations = new Map(batch.map((opening) => [opening.shardlet.id, creation(opening)]));
  return {
    name,
    start: () => ({
      state: { confirmed: [], refusal: undefined, waiting: batch.length, refused: [] },
      actions: batch.map(confirmation),
    }),
    step: (state, answer) => step(name, creations, state, answer),
  };
}

function confirmation(opening: Opening): Action {
  const { owner: host, id, epoch, state } = opening.shardlet;
  invariant(state.kind === 'opening', `shardlet ${id} is not opening`);
  if (state.job.kind === 'raise') return { kind: 'raise', host, shardlet: id, epoch };
  if (state.job.kind === 'migrate') return { kind: 'open', host, shardlet: id, epoch };
  if (state.job.kind === 'recreate') return { kind: 'drop', host, shardlet: id, epoch: epoch - 1 };
  return creation(opening);
}

function creation({ shardlet, dedup, parents }: Opening): CreateOpen {
  const { owner: host, id, epoch, stream, range } = shardlet;
  return { kind: 'createOpen', host, shardlet: id, epoch, spec: { stream, range, dedup }, parents };
}

function step(
  name: string,
  creations: ReadonlyMap<number, Action>,
  state: State,
  answer: Answer,
): Step<State> {
  switch (answer.kind) {
    case 'drop':
      // stale: it has been created since, which the creation confirms
      return { state, actions: [creations.get(answer.action.shardlet)!] };
    case 'raise': {
      const { action, reply } = answer;
      const what = `raise of shardlet ${action.shardlet}`;
      if (reply.kind === 'stale') return next(state, action.host, stale(what, reply));
      return next(state, action.host, {
        id: action.shardlet,
        epoch: action.epoch,
        raisedLastSeq: reply.lastSeq,
      });
    }
    case 'open': {
      const { action, reply } = answer;
      const what = `opening of shardlet ${action.shardlet}`;
      if (reply.kind === 'stale') return next(state, action.host, stale(what, reply));
      return next(state, action.host, { id: action.shardlet, epoch: action.epoch });
    }
    case 'createOpen': {
      const { action, reply } = answer;
      const refused = refusedCreation(action, reply);
      if (refused !== undefined)
        return {
          state: { ...state, refused: [...state.refused, refused] },
          actions: questionsAbout(refused),
        };
      if (reply.kind !== 'created') return next(state, action.host, refusalOf(action, reply));
      return next(state, action.host, { id: action.shardlet, epoch: action.epoch });
    }
    case 'prove':
      return lookAgain(state, answer.action.host);
    case 'describe':
      return state.refused.length > 0 ? afterParent(state, answer) : afterLook(state, answer);
    case 'decide':
      return finish(state, state.refusal ?? settled(name, answer.reply));
    default:
      return unexpected(name, answer);
  }
}

function refusalOf({ shardlet }: CreateOpen, reply: Exclude<CreateReply, { kind: 'created' }>): Outcome {
  return notCreated(`creation of shardlet ${shardlet}`, reply);
}

function afterParent(before: State, answer: Extract<Answer, { kind: 'describe' }>): Step<State> {
  const asked = before.refused.find((each) => isAbout(each, answer.action));
  invariant(asked !== undefined, `nobody asked about shardlet ${answer.action.shardlet}`);
  const known = answeredAbout(asked, answer);
  const others = before.refused.filter((each) => each !== asked);
  if (known.open.length > 0) return { state: { ...before, refused: [...others, known] }, actions: [] };
  const state = { ...before, refused: others };
  const again = withSealedOnly(known);
  if (again !== undefined) return { state, actions: [again] };
  return next(state, known.action.host, refusalOf(known.action, known.reply));
}

/** Settles when the host has answered about all of them. */
function next(before: State, host: number, answer: ConfirmedOpening | Outcome): Step<State> {
  const confirmed = 'kind' in answer ? before.confirmed : [...before.confirmed, answer];
  const refusal = before.refusal ?? ('kind' in answer ? answer : undefined);
  const state = { ...before, confirmed, refusal, waiting: before.waiting - 1 };
  if (state.waiting > 0) return { state, actions: [] };
  if (confirmed.length === 0) return finish(state, refusal);
  return { state, actions: [{ kind: 'prove', host }] };
}

/**
 * A host that went back before its mark is whole by it, and does not show what it had confirmed: so nothing is
 * settled that it does not show after the mark.
 */
function lookAgain(before: State, host: number): Step<State> {
  const actions = before.confirmed.map(({ id }): Action => ({ kind: 'describe', host, shardlet: id }));
  return { state: { ...before, waiting: actions.length }, actions };
}

function afterLook(before: State, { action, reply }: Extract<Answer, { kind: 'describe' }>): Step<State> {
  const { shardlet } = action;
  const isThere = before.confirmed.some((one) => one.id === shardlet && shows(one, reply));
  const gone = 'kind' in reply ? reply : ({ kind: 'stale', epoch: reply.epoch, mode: reply.mode } as const);
  const state = {
    ...before,
    confirmed: isThere ? before.confirmed : before.confirmed.filter(({ id }) => id !== shardlet),
    refusal: before.refusal ?? (isThere ? undefined : stale(`shardlet ${shardlet} after its mark`, gone)),
    waiting: before.waiting - 1,
  };
  if (state.waiting > 0) return { state, actions: [] };
  if (state.confirmed.length === 0) return finish(state, state.refusal);
  return { state, actions: [{ kind: 'decide', decision: settleOpenings(state.confirmed) }] };
}

function shows({ epoch, raisedLastSeq = 0 }: ConfirmedOpening, found: ReplicaDetails | Stale): boolean {
  if ('kind' in found) return false;
  return found.mode === 'open' && found.epoch === epoch && found.lastSeq >= raisedLastSeq;
}
