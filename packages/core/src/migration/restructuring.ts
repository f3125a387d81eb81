/**
 *   parents: seal --> describe --all sealed--> children: createOpen --all there--> prove --> settle --> (finished)
 *             |          |                                   |                                 |
 *             +----------+-----------------------------------+---------------------------------+
 *                                                            v
 *                                                   (stale or blocked)
 *
 * Finishes a split, roll or merge that T has decided: seals every parent, creates every child, and settles
 * the whole family in one decision. Children are created only when all parents are sealed, so no position
 * has two replicas that take appends; a child inherits the ids of its parents on the same host, so nothing
 * is copied.
 */
import type { DedupPolicy, ReplicaDetails, Stale } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import { type SealedParent, type Shardlet, settleRestructure } from '../topology/index.ts';
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
} from './machine.ts';

/** The parents and children of one restructure: they are settled together or not at all. */
export interface Family {
  readonly parents: readonly Shardlet[];
  readonly children: readonly Shardlet[];
}

interface State {
  readonly sealed: readonly SealedParent[];
  readonly created: number;
}

export function restructuringMachine(family: Family, dedup: DedupPolicy): Machine<State> {
  const name = `restructure of shardlets ${family.parents.map((p) => p.id).join(', ')}`;
  return {
    name,
    begin: () => ({ state: { sealed: [], created: 0 }, actions: family.parents.map(sealing) }),
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
          return afterDescribe(family, dedup, name, state, answer.reply);
        case 'createOpen':
          return afterCreate(family, name, state, answer);
        case 'prove':
          return { state, actions: [{ kind: 'decide', decision: settlement(family, state) }] };
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
  // nothing is settled that the host may have forgotten since it showed it
  const actions: Action[] = created === family.children.length ? [{ kind: 'prove', host: action.host }] : [];
  return { state: { ...state, created }, actions };
}

function settlement({ children }: Family, { sealed }: State) {
  return settleRestructure({ parents: sealed, children: children.map((c) => c.id) });
}
