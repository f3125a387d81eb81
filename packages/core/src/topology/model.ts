/**
 * What the topology store knows: streams, hosts, shardlets with their lineage, and what is left to
 * drop. The schemas are the one source of types and validators. Versions, epochs and ids are integers below 2^53.
 * Every epoch is the version of the decision that made it, so no epoch is ever used twice.
 */
import { z } from 'zod';
import { formatPosition, type Position, parsePosition, range } from '../keyspace/index.ts';

const count = z.int().min(0);
export const SHARDS_MAX = 4096;
export const SHARDS_DEFAULT = 64;
export const SHARDLET_BYTES_DEFAULT = 10_000_000;

export const streamNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'a stream name is a lower-case letter followed by up to 62 letters, digits or hyphens',
  );

/** What an operator may choose and change; everything else about a stream is fixed at its creation. */
export const streamSettingsSchema = z.object({
  /** older events are trimmed; null keeps them until the bytes limit or for ever */
  retentionMs: z.int().min(60_000, 'the retention is at least 1 minute').nullable().default(null),
  /** over all shardlets of the stream; null: no limit */
  retentionBytes: z.int().min(1_000_000, 'the retention is at least 1 MB').nullable().default(null),
  /** an id is known for one to two windows */
  dedupWindowMs: z
    .int()
    .min(180_000, 'the window of deduplication is at least 3 minutes')
    .max(7 * 86_400_000, 'the window of deduplication is at most 7 days')
    .default(900_000),
});
export type StreamSettings = z.infer<typeof streamSettingsSchema>;

export const streamSchema = streamSettingsSchema.extend({
  id: z.int().min(1).max(0xffff_ffff),
  name: streamNameSchema,
  shardCount: z.int().min(1).max(SHARDS_MAX),
  /** may a range be cut inside one key? Fixed at creation, since consumers rely on per-key order. */
  splitKeys: z.boolean(),
});
export type Stream = z.infer<typeof streamSchema>;

export const ENGINES = ['redis', 'postgres'] as const;
export const HOST_STATES = ['active', 'readmitting', 'draining'] as const;

/** The host came back as another run of its engine, so it may have lost its last writes. */
export const readmissionSchema = z.object({
  /** the run that is being readmitted; another restart begins a new readmission */
  incarnation: z.string().min(1),
  /** the decision that began it: what the host owns below this epoch is not readmitted yet */
  since: count,
  /** the state the host had, and gets back */
  before: z.enum(['active', 'draining']),
  /** the host went back to an older state: it waits until a person accepts what was lost */
  regressed: z
    .object({
      /** what shows it, for people */
      detail: z.string().min(1),
      /** its marks show it; else a process's own count, a claim or a comparison */
      byMarks: z.boolean(),
      /**
       * Nothing but an empty store was found, which acknowledges nothing: the suspension ends when the host is whole by
       * its marks again. Once an older state was found there, only a person ends it.
       */
      foundEmpty: z.boolean().optional(),
      /**
       * Changes the host had counted when a comparison with the topology store showed it, and nothing else did. It was
       * marked after that, so a host that holds that mark has all that it had acknowledged: another comparison may end
       * the suspension. Left out: only a person ends it.
       */
      comparedAt: count.optional(),
      /** hostLast of the newest mark it still holds: records with a ts at or below it are certain */
      certainTs: count,
      /** the highest promise readers were given: the host's clock has to pass it first */
      promise: count,
      /** the decision that accepted the loss: the host's next generation */
      accepted: count.optional(),
    })
    .optional(),
});
export type Readmission = z.infer<typeof readmissionSchema>;
export type Regressed = NonNullable<Readmission['regressed']>;

const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, {
  error: 'up to 63 letters, digits, dots, hyphens, underscores or slashes, beginning with a letter or digit',
});
const amount = z.number().positive().max(1e15);

/** Of hosts, and of rules of placement that ask for them. */
export const labelsSchema = z.record(word, word);

/** What one host can take of each resource; what is left out, the policy's `capacity` says for all hosts. */
export const hostCapacitySchema = z.strictObject({
  eventsPerSecond: amount.optional(),
  bytesPerSecond: amount.optional(),
  readsPerSecond: amount.optional(),
  networkBytesPerSecond: amount.optional(),
});
export type HostCapacity = z.infer<typeof hostCapacitySchema>;

/** What only its operator knows of a host. The planner asks; nothing else depends on it. */
export const hostDescriptionSchema = z.strictObject({
  zone: word.optional().describe('what fails together: a rack, a room, a data centre'),
  labels: labelsSchema.optional().describe('what rules of placement may ask for'),
  capacity: hostCapacitySchema
    .optional()
    .describe('what it takes; what is left out, the policy says for all hosts'),
});
export type HostDescription = z.infer<typeof hostDescriptionSchema>;

export const hostFactsSchema = z.strictObject({
  zone: hostDescriptionSchema.shape.zone.unwrap().default('default'),
  labels: hostDescriptionSchema.shape.labels.unwrap().default({}),
  capacity: hostDescriptionSchema.shape.capacity.unwrap().default({}),
});
export type HostFacts = z.infer<typeof hostFactsSchema>;
export const NO_FACTS: HostFacts = Object.freeze(hostFactsSchema.parse({}));

export const hostSchema = z.object({
  ...hostFactsSchema.shape,
  id: z.int().min(1),
  name: z.string().min(1).max(64),
  engine: z.enum(ENGINES),
  url: z.string().min(1),
  /** the run of the engine that the topology store trusts; any other is refused until it is readmitted */
  incarnation: z.string(),
  /** the decision that accepted its last loss; 0: none. Answers of another generation are refused */
  generation: count.default(0),
  /** `always`: every acknowledged write survives a crash, so a restart loses nothing */
  durability: z.enum(['always', 'everysec']),
  state: z.enum(HOST_STATES),
  /** while the state is `readmitting`: all that another worker needs to go on with it */
  readmission: readmissionSchema.optional(),
});
export type Host = z.infer<typeof hostSchema>;

const positionSchema = z.codec(z.string(), z.custom<Position>(), {
  decode: (text) => (text === '10000000000000000' ? { hi: 0x1_0000_0000, lo: 0 } : parsePosition(text)),
  encode: (p) => formatPosition(p),
});

export const rangeSchema = z.codec(
  z.object({ from: positionSchema, to: positionSchema }),
  z.custom<ReturnType<typeof range>>(),
  {
    decode: ({ from, to }) => range(from, to),
    encode: ({ from, to }) => ({ from, to }),
  },
);

const ref = z.object({ shardlet: z.int().min(1), epoch: count });

/** All that is needed to finish an opening, whoever does it. */
export const openingJobSchema = z.discriminatedUnion('kind', [
  /** the host lost it: whatever is there goes, and it begins anew, empty */
  z.object({ kind: z.literal('recreate') }),
  z.object({ kind: z.literal('create'), parents: z.array(ref) }),
  z.object({ kind: z.literal('raise') }),
  z.object({ kind: z.literal('migrate'), source: z.int(), sourceEpoch: count, finalSeq: count }),
]);

const ended = { successors: z.array(z.int().min(1)), finalSeq: count, finalTs: count };

export const shardletStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open') }),
  z.object({ kind: z.literal('moving'), dest: z.int(), nextEpoch: count }),
  /** decided, not yet confirmed by the host */
  z.object({ kind: z.literal('opening'), job: openingJobSchema }),
  z.object({ kind: z.literal('closing'), successors: z.array(z.int().min(1)) }),
  z.object({ kind: z.literal('closed'), ...ended }),
  z.object({ kind: z.literal('closedMoving'), dest: z.int(), nextEpoch: count, ...ended }),
  /** past retention: nothing of it is left */
  z.object({ kind: z.literal('gone'), ...ended }),
]);
export type ShardletState = z.infer<typeof shardletStateSchema>;

export const shardletSchema = z.object({
  id: z.int().min(1),
  stream: z.int().min(1),
  shard: z.int().min(0),
  /** never changes, and an id is never used again */
  range: rangeSchema,
  owner: z.int().min(1),
  epoch: count,
  state: shardletStateSchema,
  parents: z.array(z.int().min(1)),
  /** after a host lost its last writes: records above `seq` of epochs below `epoch` may be gone */
  lost: z.array(z.object({ epoch: count, seq: count })),
});
export type Shardlet = z.infer<typeof shardletSchema>;

/** A replica that nothing refers to any more; it is dropped after the grace time. */
export const garbageSchema = z.object({ host: z.int(), shardlet: z.int(), epoch: count, since: z.int() });
export type Garbage = z.infer<typeof garbageSchema>;

/** What one decision changed: the values after it. */
export const changeSetSchema = z.object({
  streams: z.array(streamSchema).default([]),
  streamsRemoved: z.array(z.int()).default([]),
  hosts: z.array(hostSchema).default([]),
  hostsRemoved: z.array(z.int()).default([]),
  shardlets: z.array(shardletSchema).default([]),
  garbage: z.array(garbageSchema).default([]),
  garbageRemoved: z.array(garbageSchema.omit({ since: true })).default([]),
});
export type ChangeSet = z.infer<typeof changeSetSchema>;

export const changeSchema = changeSetSchema.extend({
  version: z.int().min(1),
  /** milliseconds since the epoch, of the topology store's clock: for people only */
  at: z.int(),
  decision: z.string(),
  actor: z.string(),
  /** row of the audit log of the order that caused it; absent: nobody's order, or of an earlier release */
  auditRow: z.string().optional(),
});
export type Change = z.infer<typeof changeSchema>;

export interface Topology {
  readonly version: number;
  readonly streams: readonly Stream[];
  readonly hosts: readonly Host[];
  /** also closed and gone ones: readers follow the lineage */
  readonly shardlets: readonly Shardlet[];
  readonly garbage: readonly Garbage[];
}

export const EMPTY_TOPOLOGY: Topology = Object.freeze({
  version: 0,
  streams: [],
  hosts: [],
  shardlets: [],
  garbage: [],
});

/**
 * A leaf takes appends now or as soon as its host confirms; the leaves of a stream cover its positions exactly once.
 */
export function isLeaf(shardlet: Shardlet): boolean {
  return (
    shardlet.state.kind === 'open' || shardlet.state.kind === 'moving' || shardlet.state.kind === 'opening'
  );
}

/** The last seq there will ever be; undefined while the topology store does not know it. */
export function finalSeqOf({ state }: Pick<Shardlet, 'state'>): number | undefined {
  const ended = state.kind === 'closed' || state.kind === 'closedMoving' || state.kind === 'gone';
  return ended ? state.finalSeq : undefined;
}
