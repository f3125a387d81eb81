/** What is done for operations on consumer groups. */
import { type GroupCheckpointing, type KeptStates, overAllStates } from '../../checkpointing/index.ts';
import {
  type Checkpoint,
  type DeadLetters,
  DRAIN_MINUTES_DEFAULT,
  deadStreamOf,
  explain,
  GROUPS_MAX,
  type Group,
  type GroupLags,
  type GroupService,
  type GroupState,
  type GroupStore,
  isNamedLikeRedrive,
  type Order,
  requireRoomForLetters,
  SESSION_MS_DEFAULT,
} from '../../consuming/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { NotificationService } from '../../notifying/index.ts';
import type { Stream, TopologyMap } from '../../topology/index.ts';
import { type OwnedGroup, requireOnGroup } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { groups } from '../groups.ts';
import type { InputOf, OutputOf, RouterHandlers } from '../operation.ts';
import {
  type GroupFactSources,
  groupProgress,
  keptStatesOf,
  oldestOf,
  waitingIn,
  wantedOf,
} from './group-facts.ts';
import { GroupSummaries } from './group-summaries.ts';

export interface GroupStores extends GroupFactSources {
  readonly groups: GroupStore;
  /** asks hosts how far they are */
  readonly groupService: Pick<GroupService, 'create' | 'lagsOf' | 'ends'>;
  readonly letters: Pick<DeadLetters, 'list' | 'prepare'>;
  /** Also well when there is none. */
  readonly deleteStream: (name: string, caller: Caller) => Promise<void>;
  /** what may be posted to, and the secrets of those who are */
  readonly notifications: {
    readonly sender: Pick<NotificationService['sender'], 'objection'>;
    readonly newSecret: NotificationService['newSecret'];
  };
  /** names of streams: the topology store is not asked each time somebody looks at a group */
  readonly map: () => Pick<TopologyMap, 'shardlet' | 'shardlets' | 'stream' | 'streamNamed'>;
}

type Summary = OutputOf<typeof groups.create>;
type WholeDocument = OutputOf<typeof groups.show>['shardlets'][number];
type ShardletDocument = Omit<WholeDocument, 'why' | 'state' | 'weight'>;

export function groupHandlers(stores: GroupStores): RouterHandlers<typeof groups> {
  const { groups: store, groupService: service } = stores;

  function summaryOf(group: Group): Summary {
    const { name, stream, sessionMs, push, owner = null, redriveOf = null, order = 'key' } = group;
    const { drainMinutes = DRAIN_MINUTES_DEFAULT, checkpointing = null } = group;
    return {
      name,
      stream: stores.map().stream(stream)?.name ?? null,
      sessionMs,
      delivery: push === undefined ? 'pull' : 'push',
      order,
      owner,
      redriveOf,
      drainMinutes,
      deadLetters: deadLettersOf(group),
      checkpointing,
    };
  }

  function deadLettersOf({ name, redriveOf, attempts: given }: Group): Summary['deadLetters'] {
    const attempts = given ?? null;
    const stream = deadStreamOf(name);
    const has = attempts !== null || stores.map().streamNamed(stream) !== undefined;
    return redriveOf === undefined && has ? { stream, attempts } : null;
  }

  function shardletsOf(checkpoints: readonly Checkpoint[], { lags }: GroupLags): ShardletDocument[] {
    return checkpoints.map((checkpoint, i) => {
      const lag = lags[i] ?? null;
      const { member = null } = checkpoint;
      const shown = { ...checkpoint, member, revoking: member !== null && checkpoint.revoking };
      return lag !== null && lag < 0 ? { ...shown, lag: null, beyondEnd: -lag } : { ...shown, lag };
    });
  }

  function streamIdOf(name: string): number {
    const known = stores.map().streamNamed(name);
    if (known !== undefined) return known.id;
    throw new ForeshardError('unknown_stream', `There is no stream "${name}".`, { pointer: '/stream' });
  }

  async function created(group: Group, from: 'oldest' | 'now'): Promise<Summary> {
    if (isNamedLikeRedrive(group.name))
      throw new ForeshardError(
        'invalid_parameter',
        'Names that end with ".redrive" belong to groups that read re-driven events.',
        { pointer: '/name' },
      );
    const creation = await service.create(group, from);
    if (creation === 'taken')
      throw new ForeshardError('conflict', `There is a group "${group.name}" already.`);
    if (creation === 'full')
      throw new ForeshardError(
        'limit_reached',
        `There are ${GROUPS_MAX} consumer groups. Remove one with "foreshard groups remove NAME".`,
      );
    return summaryOf(group);
  }

  const summaries = new GroupSummaries(stores, summaryOf);

  return {
    async create(request, caller) {
      const { actor: owner } = caller;
      const { name, stream, from, sessionMs, order, drainMinutes, deadLetters, checkpoints } = request;
      if (checkpoints !== undefined) requireStateKept(stores.map(), stream, order, checkpoints);
      if (deadLetters) await stores.letters.prepare(name, caller);
      const group = {
        ...{ name, stream: streamIdOf(stream), sessionMs, owner },
        ...(order === 'key' ? {} : { order }),
        ...(drainMinutes === undefined ? {} : { drainMinutes }),
        ...(checkpoints === undefined ? {} : { checkpointing: checkpoints }),
      };
      return created(group, from);
    },
    async push({ group: name, url, stream, from, order, attempts }, { actor: owner }) {
      if (attempts !== undefined) requireRoomForLetters(name);
      const { sender, newSecret } = stores.notifications;
      const id = streamIdOf(stream);
      const objection = await sender.objection(url);
      if (objection !== undefined)
        throw new ForeshardError('invalid_parameter', objection, { pointer: '/url' });
      const secret = newSecret();
      const push = { url, secret };
      const more = { ...(attempts === undefined ? {} : { attempts }), ...(order === 'key' ? {} : { order }) };
      const group = { name, stream: id, sessionMs: SESSION_MS_DEFAULT, push, owner, ...more };
      return { ...(await created(group, from)), ...push };
    },
    async list() {
      return { groups: (await store.list()).map(summaryOf) };
    },
    summaries: (input) => summaries.of(input),
    async show({ group: name, ...page }) {
      const { group, state, weights } = (await store.find(name)) ?? unknownGroup(name);
      const checkpoints = [...state.checkpoints.values()].sort((a, b) => a.shardlet - b.shardlet);
      const reasons = new Map(explain(group, state, stores.map(), weights).map((one) => [one.shardlet, one]));
      const states = await keptStatesOf(stores, group);
      const lags = await service.lagsOf(group, checkpoints);
      const shardlets = shardletsOf(checkpoints, lags).map((shown) => ({
        ...shown,
        state: states.get(shown.shardlet) ?? null,
        weight: reasons.get(shown.shardlet)?.weight ?? null,
        why: reasons.get(shown.shardlet)?.reason ?? null,
      }));
      const lag = sumOfLags([...shardlets, { lag: lags.untouched ?? null }]);
      const oldest = await oldestOf(stores, state, shardlets);
      const asked =
        page.member === undefined ? shardlets : shardlets.filter(({ member }) => member === page.member);
      return {
        ...summaryOf(group),
        version: state.version,
        lag,
        progress: await groupProgress(stores, group, checkpoints, lag),
        membersWanted: await wantedOf(stores, group, state, lag),
        members: membersOf(state, shardlets, oldest),
        state: overAll(shardlets),
        shardletCount: asked.length,
        shardlets: pageOf(asked, page),
        ...waitingIn(reasons),
      };
    },
    async remove({ group }, caller) {
      const { principal, dryRun } = caller;
      const all = await store.list();
      const known = all.find(({ name }) => name === group);
      requireOnGroup(principal, 'groups:manage', ownedGroup(known ?? { name: group }, all, stores.map()));
      if (known === undefined) unknownGroup(group);
      if (known.redriveOf !== undefined)
        throw new ForeshardError(
          'invalid_parameter',
          `The group "${group}" is removed with "${known.redriveOf}", whose re-driven events it reads.`,
          { pointer: '/group' },
        );
      const stream = deadStreamOf(group);
      const has = stores.map().streamNamed(stream) !== undefined;
      const letters = has ? (await stores.letters.list(group)).counts : null;
      if (dryRun) return { group, result: 'would be removed', letters };
      caller.note?.({ before: { ...summaryOf(known), letters }, after: null });
      // before the group: what is left after a failure can be removed again
      if (has) await stores.deleteStream(stream, caller);
      if (!(await store.remove(group))) unknownGroup(group);
      return { group, result: 'removed', letters };
    },
  };
}

/** @throws ForeshardError invalid_parameter */
function requireStateKept(
  map: Pick<TopologyMap, 'streamNamed'>,
  stream: string,
  order: Order,
  { merges }: GroupCheckpointing,
): void {
  if (order === 'log')
    throw new ForeshardError(
      'invalid_parameter',
      'State is kept and restored shardlet by shardlet, so a group that keeps state has the order "key".',
      { pointer: '/order' },
    );
  requireMerges(map.streamNamed(stream), merges);
}

/** @throws ForeshardError invalid_parameter */
export function requireMerges(stream: Stream | undefined, merges: boolean): void {
  if (stream?.splitKeys !== true || merges) return;
  throw new ForeshardError(
    'invalid_parameter',
    `The stream "${stream.name}" splits single keys, so the state of one key lies in several shardlets. Give the processor a merge function, and set "merges": true.`,
    { pointer: '/checkpoints/merges' },
  );
}

/** One that reads re-driven events is judged as the group that they are of. */
export function ownedGroup(
  { name, redriveOf }: Pick<Group, 'name' | 'redriveOf'>,
  all: readonly Group[],
  map: Pick<TopologyMap, 'stream'>,
): OwnedGroup {
  const judged = redriveOf ?? name;
  const group = all.find((one) => one.name === judged);
  return { group: judged, stream: group && map.stream(group.stream)?.name, owner: group?.owner };
}

function membersOf(
  { members }: GroupState,
  shardlets: readonly WholeDocument[],
  oldest: ReadonlyMap<number, number>,
) {
  const byMember = Map.groupBy(shardlets, ({ member }) => member);
  return members.map(({ id, seenAtMs, subject = null }) => {
    const held = byMember.get(id) ?? [];
    const ages = held.flatMap(({ shardlet }) => oldest.get(shardlet) ?? []);
    return {
      ...{ id, seenAtMs, subject },
      shardlets: held.length,
      lag: sumOfLags(held),
      load: sumOfWeights(held),
      oldestAt: ages.length === 0 ? null : Math.min(...ages),
      state: overAll(held),
    };
  });
}

function overAll(shardlets: readonly WholeDocument[]): KeptStates | null {
  return overAllStates(shardlets.flatMap(({ state }) => state ?? [])) ?? null;
}

type Page = Omit<InputOf<typeof groups.show>, 'group'>;

function pageOf(shardlets: readonly WholeDocument[], { limit, offset = 0, sort }: Page): WholeDocument[] {
  const sorted = sort === 'lag' ? shardlets.toSorted(furthestFirst) : shardlets;
  return sorted.slice(offset, limit === undefined ? undefined : offset + limit);
}

/** What is processed to its end comes last; what is not known may be far behind. */
function furthestFirst(a: WholeDocument, b: WholeDocument): number {
  const [ofA, ofB] = [a, b].map(({ lag, why }) => (why === null && lag === 0 ? -1 : (lag ?? 0)));
  return ofB! - ofA! || a.shardlet - b.shardlet;
}

/** null: nothing is weighed. What is processed to its end brings nothing more. */
function sumOfWeights(shardlets: readonly WholeDocument[]): number | null {
  const weights = shardlets.flatMap(({ weight }) => weight ?? []);
  return weights.length === 0 ? null : weights.reduce((sum, weight) => sum + weight, 0);
}

/** null as soon as one is not known */
function sumOfLags(shardlets: readonly Pick<ShardletDocument, 'lag'>[]): number | null {
  return shardlets.reduce<number | null>(
    (sum, { lag }) => (sum === null || lag === null ? null : sum + lag),
    0,
  );
}

/** @throws ForeshardError unknown_group */
export function unknownGroup(name: string): never {
  throw new ForeshardError('unknown_group', `There is no group "${name}".`);
}
