/** What is done for operations on dead letters. Whoever may commit for a group may pass over its events anyway. */
import { allows } from '../../access/index.ts';
import type { DeadLetters, DecisionKind, Group, Letter } from '../../consuming/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import { requireOnGroup } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { deadLetters } from '../dead-letters.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import { type GroupStores, ownedGroup, unknownGroup } from './groups.ts';

export interface LetterStores extends Pick<GroupStores, 'groups' | 'map'> {
  readonly letters: Pick<DeadLetters, 'decide' | 'list' | 'show'>;
}

interface Chosen {
  readonly group: string;
  readonly letters?: readonly string[] | undefined;
  readonly all?: true | undefined;
  readonly note: string;
}

export function deadLetterHandlers(stores: LetterStores): RouterHandlers<typeof deadLetters> {
  const { letters: service } = stores;

  /** @throws ForeshardError unknown_group, forbidden, invalid_parameter */
  async function permitted(name: string, { principal }: Caller): Promise<Group> {
    const all = await stores.groups.list();
    const group = all.find((one) => one.name === name);
    requireOnGroup(principal, 'groups:consume', ownedGroup(group ?? { name }, all, stores.map()));
    if (group === undefined) return unknownGroup(name);
    if (group.redriveOf === undefined) return group;
    throw new ForeshardError(
      'invalid_parameter',
      `The group "${name}" reads what is re-driven of "${group.redriveOf}": ask for the dead letters of that one.`,
      { pointer: '/group' },
    );
  }

  async function decide(kind: DecisionKind, { group: name, letters, all, note }: Chosen, caller: Caller) {
    const group = await permitted(name, caller);
    if ((letters === undefined) === (all === undefined))
      throw new ForeshardError('invalid_parameter', 'Name either letters or all.', { pointer: '/letters' });
    const { actor: by, dryRun } = caller;
    return service.decide(group, kind, letters ?? 'all', { by, note, dryRun });
  }

  return {
    async list({ group: name, state, limit, after }, caller) {
      await permitted(name, caller);
      const { letters, counts, omitted } = await service.list(name);
      const newest = [...letters].reverse();
      const rest = newest
        .slice(after === undefined ? 0 : startAfter(newest, after))
        .filter((one) => state === 'any' || one.state === state);
      const page = rest.slice(0, limit);
      const more = rest.length > page.length;
      return { letters: page.map(documentOf), counts, more, omitted };
    },
    async show({ group: name, letter: id }, caller) {
      await permitted(name, caller);
      const { letter, event } = await service.show(name, id);
      const { stream, key } = letter;
      const mayRead = allows(caller.principal.grants, 'events:read', { stream, key });
      return { ...documentOf(letter), event: mayRead ? event : null };
    },
    async redrive(input, caller) {
      const reply = await decide('redrive', input, caller);
      return { result: caller.dryRun ? 'would be redriven' : 'redriven', ...reply };
    },
    async discard(input, caller) {
      const reply = await decide('discard', input, caller);
      return { result: caller.dryRun ? 'would be discarded' : 'discarded', ...reply };
    },
    async restore(input, caller) {
      const reply = await decide('restore', input, caller);
      return { result: caller.dryRun ? 'would be restored' : 'restored', ...reply };
    },
  };
}

/** @throws ForeshardError not_found */
function startAfter(letters: readonly Letter[], after: string): number {
  const at = letters.findIndex(({ letter }) => letter === after);
  if (at !== -1) return at + 1;
  throw new ForeshardError('not_found', `There is no dead letter ${after} in this list: begin at its start.`);
}

function documentOf(one: Letter): OutputOf<typeof deadLetters.list>['letters'][number] {
  const { letter, state, stream, shardlet, seq, ts, key } = one;
  const { reason, attempts, member, failures, failedAt, decided = null } = one;
  return {
    ...{ letter, state, stream, shardlet, seq, ts, key },
    ...{ reason, attempts, member, failures, failedAt, decided },
  };
}
