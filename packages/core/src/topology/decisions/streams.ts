/**
 * The life of a stream. Its shards are fixed slices of all positions, cut once; each begins as one or more
 * shardlets, spread over the hosts in turn, and opened by whoever reconciles next.
 */
import type { z } from 'zod';
import { invariant } from '../../kernel/index.ts';
import { type Range, slices, WHOLE } from '../../keyspace/index.ts';
import {
  type Garbage,
  type Host,
  SHARDS_DEFAULT,
  SHARDS_MAX,
  type Shardlet,
  type Stream,
  type StreamSettings,
  streamSchema,
  streamSettingsSchema,
} from '../model.ts';
import type { Decision, TopologyView } from '../topology-store.ts';
import { accept, refuse } from './verdict.ts';

/** One decision is one row of the change log and one message to every edge: this many make about 25 MB. */
export const SHARDLETS_PER_DECISION_MAX = 100_000;

export interface StreamRequest {
  readonly name: string;
  readonly shardCount?: number;
  /** may a range be cut inside one key? */
  readonly splitKeys?: boolean;
  readonly settings?: Partial<StreamSettings>;
  readonly shardletsPerShard?: number;
}

export function createStream(request: StreamRequest): Decision<{ readonly streamId: number }> {
  const { name, shardCount = SHARDS_DEFAULT, splitKeys = false, shardletsPerShard = 1 } = request;
  return {
    name: 'createStream',
    needs: {},
    rule(view) {
      const settings = streamSettingsSchema.safeParse(request.settings ?? {});
      if (!settings.success) return refuse('not_allowed', reasonsOf(settings.error));
      if (view.streams().some((s) => s.name === name)) return refuse('exists', `stream ${name} exists`);
      const hosts = view.hosts().filter((h) => h.state === 'active');
      if (hosts.length === 0) return refuse('not_allowed', 'no active host to put its shardlets on');
      if (!fits(shardCount, shardletsPerShard))
        return refuse(
          'not_allowed',
          `at most ${SHARDS_MAX} shards and ${SHARDLETS_PER_DECISION_MAX} shardlets`,
        );
      const stream = streamSchema.safeParse({
        ...settings.data,
        id: view.newStreamId(),
        name,
        shardCount,
        splitKeys,
      });
      if (!stream.success) return refuse('not_allowed', reasonsOf(stream.error));
      const shardlets = firstShardlets(view, stream.data, hosts, shardletsPerShard);
      return accept({ streams: [stream.data], shardlets }, { streamId: stream.data.id });
    },
  };
}

function fits(shardCount: number, shardletsPerShard: number): boolean {
  const whole = Number.isInteger(shardCount) && Number.isInteger(shardletsPerShard);
  const enough = shardCount >= 1 && shardletsPerShard >= 1;
  return (
    whole &&
    enough &&
    shardCount <= SHARDS_MAX &&
    shardCount * shardletsPerShard <= SHARDLETS_PER_DECISION_MAX
  );
}

function firstShardlets(
  view: TopologyView,
  stream: Stream,
  hosts: readonly Host[],
  shardletsPerShard: number,
): Shardlet[] {
  const made: Shardlet[] = [];
  for (const [shard, slice] of slices(WHOLE, stream.shardCount).entries())
    for (const range of slices(slice, shardletsPerShard)) {
      // begins at another host for each stream, so that many small streams do not share the first host
      const owner = hosts[(stream.id - 1 + made.length) % hosts.length];
      invariant(owner !== undefined, 'a stream needs a host');
      made.push(firstShardlet(view, stream, shard, range, owner));
    }
  return made;
}

function firstShardlet(
  view: TopologyView,
  stream: Stream,
  shard: number,
  range: Range,
  owner: Host,
): Shardlet {
  return {
    id: view.newShardletId(),
    stream: stream.id,
    shard,
    range,
    owner: owner.id,
    epoch: view.version,
    state: { kind: 'opening', job: { kind: 'create', parents: [] } },
    parents: [],
    lost: [],
  };
}

/** The schemas say in words what they ask for. */
function reasonsOf({ issues }: z.ZodError): string {
  return issues.map(({ message }) => message).join('; ');
}

/** Changes only the settings that are named. */
export function alterStream(id: number, settings: Partial<StreamSettings>): Decision<Stream> {
  return {
    name: 'alterStream',
    needs: {},
    rule(view) {
      const before = view.stream(id);
      if (before === undefined) return refuse('unknown', `no stream ${id}`);
      const merged = streamSettingsSchema.safeParse({ ...before, ...settings });
      if (!merged.success) return refuse('not_allowed', reasonsOf(merged.error));
      const after: Stream = { ...before, ...merged.data };
      return accept({ streams: [after] }, after);
    },
  };
}

/** The stream and its shardlets leave the topology store; every replica they have becomes garbage. */
export function deleteStream(id: number): Decision<{ readonly replicas: number }> {
  return {
    name: 'deleteStream',
    needs: { shardletsOfStream: id },
    rule(view) {
      if (view.stream(id) === undefined) return refuse('unknown', `no stream ${id}`);
      const busy = view.shardlets().find((s) => !isAtRest(s));
      if (busy !== undefined) return refuse('in_use', `shardlet ${busy.id} is ${busy.state.kind}`);
      const garbage = view
        .shardlets()
        .filter((s) => s.state.kind !== 'gone')
        .map((s): Garbage => ({ host: s.owner, shardlet: s.id, epoch: s.epoch, since: view.nowMs }));
      return accept({ streamsRemoved: [id], garbage }, { replicas: garbage.length });
    },
  };
}

/** Nothing is left to do for it. */
function isAtRest({ state: { kind } }: Shardlet): boolean {
  return kind === 'open' || kind === 'closed' || kind === 'gone';
}
