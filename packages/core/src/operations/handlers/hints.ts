/** What is done for operations on hints. */
import { absentShard, type Hint, type HintStore, hintOf } from '../../hints/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { hints } from '../hints.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';

export interface HintStores {
  readonly hints: HintStore;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  /** a UUID unlike any other */
  readonly newId: () => string;
  readonly nowMs: () => number;
}

type HintDocument = OutputOf<typeof hints.add>;

export function hintHandlers({
  hints: store,
  topology,
  newId,
  nowMs,
}: HintStores): RouterHandlers<typeof hints> {
  async function documentNow(id: string): Promise<HintDocument | undefined> {
    const found = (await store.list({ withRemoved: true })).find((one) => one.id === id);
    return found && documentOf(found);
  }

  return {
    async list({ removed }) {
      return { hints: (await store.list({ withRemoved: removed })).map(documentOf) };
    },
    async add(request, { actor }) {
      const { streams } = await topology.snapshot();
      const stream = streams.find(({ name }) => name === request.stream);
      if (stream === undefined)
        throw new ForeshardError('unknown_stream', `There is no stream "${request.stream}".`, {
          pointer: '/stream',
        });
      const absent = absentShard(request, stream.shardCount);
      if (absent !== undefined)
        throw new ForeshardError('invalid_record', absent.detail, {
          pointer: `/scope/shards/${absent.place}`,
        });
      const hint = hintOf(request, { id: newId(), atMs: nowMs(), actor });
      await store.add(hint);
      return documentOf({ ...hint, removedMs: null, removedBy: null });
    },
    async remove({ id }, { actor, note }) {
      const before = await documentNow(id);
      if (!(await store.remove(id, actor, nowMs())))
        throw new ForeshardError('not_found', `There is no hint ${id}, or it is removed already.`);
      note?.({ before, after: await documentNow(id) });
    },
    async restore({ id }, { note }) {
      const before = await documentNow(id);
      if (!(await store.restore(id)))
        throw new ForeshardError('not_found', `There is no removed hint ${id}.`);
      note?.({ before, after: await documentNow(id) });
    },
  };
}

function documentOf({ fromMs, toMs, createdMs, removedMs, ...hint }: Hint): HintDocument {
  const { id, stream, factor, perSecond, scope, repeat, because, createdBy, removedBy } = hint;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ id, stream, from: time(fromMs), to: time(toMs), factor, perSecond, because },
    ...{ scope: { ...scope }, repeat: repeat === null ? null : { ...repeat } },
    ...{ createdAt: time(createdMs), createdBy },
    ...{ removedAt: removedMs === null ? null : time(removedMs), removedBy },
  };
}
