/** What REST and tRPC do with hints. They are control plane: no event waits for them, and they fail when PostgreSQL is away. */
import { randomUUID } from 'node:crypto';
import { absentShard, type Hint, type HintRequest, type HintStore, hintOf } from '@foreshard/core/hints';
import { ForeshardError } from '@foreshard/core/kernel';
import type { z } from 'zod';
import { reachingStore } from '../http/reaching-store.ts';
import type { hintSchema } from './operations.ts';

export interface HintDeskParts {
  readonly hints: Pick<HintStore, 'add' | 'list' | 'remove'>;
  /** undefined: there is no such stream */
  readonly shardCountOf: (stream: string) => number | undefined;
  readonly nowMs: () => number;
}

export type HintDocument = z.input<typeof hintSchema>;

export class HintDesk {
  private readonly parts: HintDeskParts;

  constructor(parts: HintDeskParts) {
    this.parts = parts;
  }

  /** @throws ForeshardError unknown_stream, invalid_record, store_unreachable */
  async add(request: HintRequest, actor: string): Promise<HintDocument> {
    const { hints, shardCountOf, nowMs } = this.parts;
    const shardCount = shardCountOf(request.stream);
    if (shardCount === undefined)
      throw new ForeshardError('unknown_stream', `There is no stream "${request.stream}".`, {
        pointer: '/stream',
      });
    const absent = absentShard(request, shardCount);
    if (absent !== undefined)
      throw new ForeshardError('invalid_record', absent.detail, {
        pointer: `/scope/shards/${absent.place}`,
      });
    const hint = hintOf(request, { id: randomUUID(), atMs: nowMs(), actor });
    await reaching(() => hints.add(hint));
    return documentOf(hint);
  }

  /** @throws ForeshardError store_unreachable */
  async list(): Promise<HintDocument[]> {
    return (await reaching(() => this.parts.hints.list())).map(documentOf);
  }

  /** @throws ForeshardError not_found, store_unreachable */
  async remove(id: string, actor: string): Promise<void> {
    const { hints, nowMs } = this.parts;
    if (!(await reaching(() => hints.remove(id, actor, nowMs()))))
      throw new ForeshardError('not_found', `There is no hint ${id}.`);
  }
}

function reaching<T>(call: () => Promise<T>): Promise<T> {
  return reachingStore('hints are kept', call);
}

function documentOf({ fromMs, toMs, createdMs, ...hint }: Omit<Hint, 'removedMs' | 'removedBy'>) {
  const { id, stream, factor, perSecond, scope, repeat, because, createdBy } = hint;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ id, stream, from: time(fromMs), to: time(toMs), factor, perSecond, scope, repeat, because },
    ...{ createdAt: time(createdMs), createdBy },
  } as HintDocument;
}
