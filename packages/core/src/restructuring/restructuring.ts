/**
 *   parents: seal --> describe --all sealed--> children: createOpen --all there--> prove --> describe all --> settle --> (finished)
 *             |          |                                   |                                    |             |
 *             +----------+-----------------------------------+------------------------------------+-------------+
 *                                                            v
 *                                                   (stale or blocked)
 *
 * Finishes a split, roll or merge that the topology store has decided: seals every parent, creates every child, and
 * settles the whole family in one decision. Children are created only when all parents are sealed, so no position has
 * two replicas that take appends; a child inherits the ids of its parents on the same host, so nothing is copied.
 */
import type { DedupPolicy, ReplicaDetails, Stale } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
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
} from '../machines/index.ts';
import { type SealedParent, type Shardlet, settleRestructure } from '../topology/index.ts';

/** The parents and children of one restructure: they are settled together or not at all. */
export interface Family {
  readonly parents: readonly Shardlet[];
  readonly children: readonly Shardlet[];
}

interface State {
  readonly sealed: readonly SealedParent[];
  readonly created: number;
  /** the host was marked since it showed all of it, and has shown so many of the family again */
  readonly shownAgain?: number;
}

export function restructuringMachine(family: Family, dedup: DedupPolicy): Machine<State> {
  const name = `restructure of shardlets ${family.parents.map((p) => p.id).join(', ')}`;
  return {
    name,
    start: () => ({ state: { sealed: [], created: 0 }, actions: family.parents.map(sealing) }),
    step(state, answer) {
      switch (answer.kind) {
        case 'seal':
          return answer.reply.kind === 'done'
            ? {
                state,
                actions: [{ kind: 'describe', host: answer.action.host, shardlet: answer.action.shardlet }],
              }
            : finish(state, stale(name, answer.reply));
        case 'describe':
          return state.shownAgain === undefined
            ? afterDescribe(family, dedup, name, state, answer.reply)
            : afterLook(family, name, state, answer.reply);
        case 'createOpen':
          return afterCreate(family, name, state, answer);
        case 'prove':
          return lookAgain(family, state, answer.action.host);
        case 'decide':
          return finish(state, settled(name, answer.reply));
        default:
          return unexpected(name, answer);
      }
    },
  };
}

function sealing({ owner: host, id: shardlet, epoch }: Shardlet): Action {
  return { kind: 'seal', host, shardlet, epoch };
}

/** A sealed replica does not change, so what it tells now is final. */
function afterDescribe(
  family: Family,
  dedup: DedupPolicy,
  name: string,
  state: State,
  found: ReplicaDetails | Stale,
): Step<State> {
  if ('kind' in found) return finish(state, stale(name, found));
  const parent = family.parents.find((p) => p.id === found.shardlet);
  invariant(parent !== undefined, `${name} did not ask for shardlet ${found.shardlet}`);
  if (found.mode !== 'sealed' || found.epoch !== parent.epoch)
    return finish(state, stale(name, { kind: 'stale', epoch: found.epoch, mode: found.mode }));
  const final = { id: parent.id, finalSeq: found.lastSeq, finalTs: found.last };
  const sealed = [...state.sealed, final];
  const all = sealed.length === family.parents.length;
  return {
    state: { ...state, sealed },
    actions: all ? family.children.map((child) => creation(child, dedup)) : [],
  };
}

function creation(child: Shardlet, dedup: DedupPolicy): Action {
  const { owner: host, id: shardlet, epoch, stream, range, state } = child;
  invariant(state.kind === 'opening', `shardlet ${shardlet} is not opening`);
  invariant(state.job.kind === 'create', `shardlet ${shardlet} is not being created`);
  const { parents } = state.job;
  return { kind: 'createOpen', host, shardlet, epoch, spec: { stream, range, dedup }, parents };
}

function afterCreate(
  family: Family,
  name: string,
  state: State,
  { action, reply }: Extract<Answer, { kind: 'createOpen' }>,
): Step<State> {
  if (reply.kind !== 'created') return finish(state, notCreated(name, reply));
  const created = state.created + 1;
  const actions: Action[] = created === family.children.length ? [{ kind: 'prove', host: action.host }] : [];
  return { state: { ...state, created }, actions };
}

/**
 * A host that went back before its mark is whole by it, and does not show what it had shown: so nothing is settled
 * that it does not show after the mark.
 */
function lookAgain({ parents, children }: Family, state: State, host: number): Step<State> {
  const actions = [...parents, ...children].map(
    ({ id }): Action => ({ kind: 'describe', host, shardlet: id }),
  );
  return { state: { ...state, shownAgain: 0 }, actions };
}

function afterLook(family: Family, name: string, before: State, found: ReplicaDetails | Stale): Step<State> {
  if ('kind' in found) return finish(before, stale(name, found));
  if (!isShown(family, before, found))
    return finish(before, stale(name, { kind: 'stale', epoch: found.epoch, mode: found.mode }));
  const state = { ...before, shownAgain: before.shownAgain! + 1 };
  const all = state.shownAgain === family.parents.length + family.children.length;
  return { state, actions: all ? [{ kind: 'decide', decision: settlement(family, state) }] : [] };
}

function isShown({ parents, children }: Family, { sealed }: State, found: ReplicaDetails): boolean {
  const { shardlet, epoch, mode, lastSeq, last } = found;
  const end = sealed.find(({ id }) => id === shardlet);
  const known = [...parents, ...children].find(({ id }) => id === shardlet);
  if (known?.epoch !== epoch) return false;
  return end === undefined
    ? mode === 'open'
    : mode === 'sealed' && lastSeq === end.finalSeq && last === end.finalTs;
}

function settlement({ children }: Family, { sealed }: State) {
  return settleRestructure({ parents: sealed, children: children.map((c) => c.id) });
}
