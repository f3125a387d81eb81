/** What is done for operations on streams. The topology store decides; a worker opens or drops their shardlets. */
import { isDeadStream } from '../../consuming/index.ts';
import { isDemoStream } from '../../demo/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import {
  alterStream,
  createStream,
  deleteStream,
  type Stream,
  type StreamSettings,
  type Topology,
} from '../../topology/index.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import { DEFAULT_STREAM, type streams } from '../streams.ts';
import { decided, type TopologyStores } from './operator.ts';
import type { QuotaStore, StoredQuota } from './quota-store.ts';

export interface StreamStores extends TopologyStores {
  readonly quotas: Pick<QuotaStore, 'list'>;
}

type StreamDocument = OutputOf<typeof streams.list>['streams'][number];

export function streamHandlers(stores: StreamStores): RouterHandlers<typeof streams> {
  const { topology, quotas, wake } = stores;
  /** A lost wake-up costs two seconds. */
  const wakeUnless = async (dryRun: boolean) => {
    if (!dryRun) await wake('reconcile').catch(() => {});
  };

  return {
    async list() {
      const [snapshot, own] = await Promise.all([topology.snapshot(), quotas.list()]);
      const counts = countShardlets(snapshot);
      return { streams: snapshot.streams.map((s) => documentOf(s, counts.get(s.id) ?? 0, own)) };
    },
    async create({ name, shardCount, splitKeys, ...settings }, caller) {
      if (isDeadStream(name))
        throw new ForeshardError(
          'invalid_order',
          'Streams named "dead--..." hold the dead letters of consumer groups and are created with them.',
          { pointer: '/name' },
        );
      if (isDemoStream(name) && caller.origin.surface !== 'worker')
        throw new ForeshardError(
          'invalid_order',
          'Streams named "demo--..." are created and deleted by the demo alone.',
          { pointer: '/name' },
        );
      const request = { name, shardCount, splitKeys, settings };
      const { streamId: id } = await decided(stores, createStream(request), caller, 'unknown_stream');
      await wakeUnless(caller.dryRun);
      if (caller.dryRun) return { result: 'would be created', stream: null };
      const made = { id, name, shardCount, splitKeys, ...settings };
      return { result: 'created', stream: documentOf(made, shardCount, await quotas.list()) };
    },
    async alter({ stream: name, ...given }, caller) {
      const settings = named(given);
      if (Object.keys(settings).length === 0)
        throw new ForeshardError(
          'invalid_order',
          'Name at least one of retentionMs, retentionBytes and dedupWindowMs.',
        );
      const snapshot = await topology.snapshot();
      const old = streamNamed(snapshot, name);
      const stream = await decided(stores, alterStream(old.id, settings), caller, 'unknown_stream');
      await wakeUnless(caller.dryRun);
      const own = await quotas.list();
      const count = countShardlets(snapshot).get(old.id) ?? 0;
      const altered = documentOf(stream, count, own);
      caller.note?.({ before: documentOf(old, count, own), after: altered });
      return { result: caller.dryRun ? 'would be altered' : 'altered', stream: altered };
    },
    async delete({ stream: name }, caller) {
      if (name === DEFAULT_STREAM)
        throw new ForeshardError(
          'invalid_order',
          `The stream ${name} cannot be deleted: clients that name no stream mean it.`,
          { pointer: '{stream}' },
        );
      if (isDeadStream(name))
        throw new ForeshardError(
          'invalid_order',
          `The stream ${name} holds the dead letters of a consumer group: it is deleted with the group.`,
          { pointer: '{stream}' },
        );
      const snapshot = await topology.snapshot();
      const old = streamNamed(snapshot, name);
      const { replicas } = await decided(stores, deleteStream(old.id), caller, 'unknown_stream');
      await wakeUnless(caller.dryRun);
      const count = countShardlets(snapshot).get(old.id) ?? 0;
      caller.note?.({ before: documentOf(old, count, []), after: null });
      const result = caller.dryRun ? 'would be deleted' : 'deleted';
      return { stream: name, result, shardlets: replicas };
    },
  };
}

/** @throws ForeshardError unknown_stream */
export function streamNamed({ streams: all }: Topology, name: string, pointer = '{stream}'): Stream {
  const found = all.find((stream) => stream.name === name);
  if (found !== undefined) return found;
  throw new ForeshardError('unknown_stream', `There is no stream ${name}.`, { pointer });
}

function named({
  retentionMs,
  retentionBytes,
  dedupWindowMs,
}: { readonly [S in keyof StreamSettings]?: StreamSettings[S] | undefined }): Partial<StreamSettings> {
  return {
    ...(retentionMs === undefined ? {} : { retentionMs }),
    ...(retentionBytes === undefined ? {} : { retentionBytes }),
    ...(dedupWindowMs === undefined ? {} : { dedupWindowMs }),
  };
}

function countShardlets({ shardlets }: Topology): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { stream, state } of shardlets)
    if (state.kind !== 'gone') counts.set(stream, (counts.get(stream) ?? 0) + 1);
  return counts;
}

function documentOf(stream: Stream, shardlets: number, quotas: readonly StoredQuota[]): StreamDocument {
  const { id, name, shardCount, splitKeys, retentionMs, retentionBytes, dedupWindowMs } = stream;
  const own = quotas.find(({ scope, subject }) => scope === 'stream' && subject === name);
  const { eventsPerSecond = null, bytesPerSecond = null } = own ?? {};
  return {
    ...{ id, name, shardCount, shardlets, splitKeys, retentionMs, retentionBytes, dedupWindowMs },
    internal: isDeadStream(name),
    quota: own === undefined ? null : { eventsPerSecond, bytesPerSecond },
  };
}
