/** What is done for operations on consumer groups. */
import {
  type Checkpoint,
  GROUPS_MAX,
  type Group,
  type GroupService,
  type GroupState,
  type GroupStore,
  SESSION_MS_DEFAULT,
} from '../../consuming/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { NotificationService } from '../../notifying/index.ts';
import type { TopologyMap } from '../../topology/index.ts';
import { requireOnGroup } from '../allowing.ts';
import type { groups } from '../groups.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';

export interface GroupStores {
  readonly groups: GroupStore;
  /** asks hosts how far they are */
  readonly groupService: Pick<GroupService, 'create' | 'lag'>;
  /** what may be posted to, and the secrets of those who are */
  readonly notifications: {
    readonly sender: Pick<NotificationService['sender'], 'objection'>;
    readonly newSecret: NotificationService['newSecret'];
  };
  /** names of streams: the topology store is not asked each time somebody looks at a group */
  readonly map: () => Pick<TopologyMap, 'stream' | 'streamNamed'>;
}

type Summary = OutputOf<typeof groups.create>;
type ShardletDocument = OutputOf<typeof groups.show>['shardlets'][number];

export function groupHandlers(stores: GroupStores): RouterHandlers<typeof groups> {
  const { groups: store, groupService: service } = stores;

  function summaryOf({ name, stream, sessionMs, push, owner }: Group): Summary {
    const delivery = push === undefined ? 'pull' : 'push';
    return {
      name,
      stream: stores.map().stream(stream)?.name ?? null,
      sessionMs,
      delivery,
      owner: owner ?? null,
    };
  }

  async function shardletOf(checkpoint: Checkpoint): Promise<ShardletDocument> {
    const lag = (await service.lag(checkpoint)) ?? null;
    const shown = { ...checkpoint, member: checkpoint.member ?? null };
    return lag !== null && lag < 0 ? { ...shown, lag: null, beyondEnd: -lag } : { ...shown, lag };
  }

  function streamIdOf(name: string): number {
    const known = stores.map().streamNamed(name);
    if (known !== undefined) return known.id;
    throw new ForeshardError('unknown_stream', `There is no stream "${name}".`, { pointer: '/stream' });
  }

  async function created(group: Group, from: 'oldest' | 'now'): Promise<Summary> {
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

  return {
    async create({ name, stream, from, sessionMs }, { actor: owner }) {
      return created({ name, stream: streamIdOf(stream), sessionMs, owner }, from);
    },
    async push({ group: name, url, stream, from }, { actor: owner }) {
      const { sender, newSecret } = stores.notifications;
      const id = streamIdOf(stream);
      const objection = await sender.objection(url);
      if (objection !== undefined)
        throw new ForeshardError('invalid_parameter', objection, { pointer: '/url' });
      const secret = newSecret();
      const push = { url, secret };
      const group = { name, stream: id, sessionMs: SESSION_MS_DEFAULT, push, owner };
      return { ...(await created(group, from)), ...push };
    },
    async list() {
      return { groups: (await store.list()).map(summaryOf) };
    },
    async show({ group: name }) {
      const { group, state } = (await store.find(name)) ?? unknown(name);
      const checkpoints = [...state.checkpoints.values()].sort((a, b) => a.shardlet - b.shardlet);
      const shardlets = await Promise.all(checkpoints.map(shardletOf));
      return {
        ...summaryOf(group),
        version: state.version,
        lag: sumOfLags(shardlets),
        members: membersOf(state, shardlets),
        shardlets,
      };
    },
    async remove({ group }, { principal }) {
      const known = (await store.list()).find(({ name }) => name === group);
      const stream = known && stores.map().stream(known.stream)?.name;
      requireOnGroup(principal, 'groups:manage', { group, stream, owner: known?.owner });
      if (!(await store.remove(group))) unknown(group);
      return { group, result: 'removed' };
    },
  };
}

function membersOf({ members }: GroupState, shardlets: readonly ShardletDocument[]) {
  return members.map(({ id, seenAtMs, subject = null }) => ({
    ...{ id, seenAtMs, subject },
    shardlets: shardlets.filter((s) => s.member === id).length,
  }));
}

/** null as soon as one is not known */
function sumOfLags(shardlets: readonly ShardletDocument[]): number | null {
  return shardlets.reduce<number | null>(
    (sum, { lag }) => (sum === null || lag === null ? null : sum + lag),
    0,
  );
}

function unknown(name: string): never {
  throw new ForeshardError('unknown_group', `There is no group "${name}".`);
}
