/** Takes over what the query layer of the user has told, in order, each entry once. */
import {
  ACCESS_STREAM_KEY,
  ACCESSES_FIELD,
  type AccessRecord,
  accessRecordSchema,
  type BlockStore,
  INSTANCES_FIELD,
  type InstanceRecord,
  instanceRecordSchema,
  RECORD_AHEAD_MS_MAX,
  rollUpAccesses,
  rollUpInstances,
  STREAM_START,
} from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';
import type { z } from 'zod';

const ENTRIES_PER_COMMIT = 200;

export interface AccessParts {
  readonly redis: Redis;
  readonly blocks: BlockStore;
  readonly keptMs: number;
}

/** Answers how many entries could not be read: of another version, or damaged. */
export async function takeAccesses({ redis, blocks, keptMs }: AccessParts): Promise<number> {
  let unreadable = 0;
  for (let more = true; more; ) {
    const taken = await blocks.exclusively('accesses', async (tx) => {
      const position = tx.state ?? STREAM_START;
      const entries = await redis.xrange(ACCESS_STREAM_KEY, `(${position}`, '+', 'COUNT', ENTRIES_PER_COMMIT);
      if (entries.length === 0) return 0;
      const [accesses, instances]: [AccessRecord[], InstanceRecord[]] = [[], []];
      for (const [, [field, text]] of entries) {
        const ofAccesses = field === ACCESSES_FIELD ? recordsOf(accessRecordSchema, text) : undefined;
        const ofInstances = field === INSTANCES_FIELD ? recordsOf(instanceRecordSchema, text) : undefined;
        accesses.push(...(ofAccesses ?? []));
        instances.push(...(ofInstances ?? []));
        if (ofAccesses === undefined && ofInstances === undefined) unreadable++;
      }
      const last = entries.at(-1)![0];
      const nowMs = Number.parseInt(last, 10);
      await rollUpAccesses(tx, accesses, { fromMs: nowMs - keptMs, toMs: nowMs + RECORD_AHEAD_MS_MAX });
      if (instances.length > 0) await rollUpInstances(tx, instances, nowMs);
      tx.setState(last);
      return entries.length;
    });
    more = taken === ENTRIES_PER_COMMIT;
  }
  return unreadable;
}

function recordsOf<T>(schema: z.ZodType<T>, text: string | undefined): T[] | undefined {
  try {
    return schema.array().parse(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
