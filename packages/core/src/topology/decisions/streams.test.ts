import { beforeEach, describe, expect, it } from 'vitest';
import { comparePositions, END, START } from '../../keyspace/index.ts';
import type { ShardletState } from '../model.ts';
import { alterStream, createStream, deleteStream } from './streams.ts';
import { Trial } from './trial.ts';

describe('creating a stream', () => {
  let trial: Trial;
  beforeEach(() => {
    trial = new Trial();
  });

  it('cuts all positions into its shards, each into shardlets, in turn on the active hosts', () => {
    for (const name of ['a', 'b', 'c']) trial.addHost(name);
    const { streamId } = trial.decide(createStream({ name: 's', shardCount: 5, shardletsPerShard: 2 }));
    const { shardlets, streams, version } = trial.topology();
    expect(streams).toMatchObject([{ id: streamId, name: 's', shardCount: 5, splitKeys: false }]);
    expect(shardlets.map((s) => s.shard)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    expect(shardlets.map((s) => s.owner)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
    expect(shardlets[0]!.range.from).toEqual(START);
    expect(shardlets.at(-1)!.range.to).toEqual(END);
    for (const [i, s] of shardlets.entries()) {
      if (i > 0) expect(comparePositions(shardlets[i - 1]!.range.to, s.range.from)).toBe(0);
      expect(s).toMatchObject({ stream: streamId, epoch: version, parents: [], lost: [] });
      expect(s.state).toEqual({ kind: 'opening', job: { kind: 'create', parents: [] } });
    }
  });

  it('has 64 shards of one shardlet unless told otherwise', () => {
    trial.addHost('a');
    trial.decide(createStream({ name: 'main' }));
    expect(trial.topology().shardlets.length).toBe(64);
  });

  it('puts nothing on a host that is draining or being readmitted', () => {
    const [a, b] = [trial.addHost('a'), trial.addHost('b')];
    const drain = { ...trial.host(a)!, state: 'draining' as const };
    trial.decide({
      name: 'drain',
      needs: {},
      rule: () => ({ kind: 'accept', puts: { hosts: [drain] }, result: null }),
    });
    trial.decide(createStream({ name: 's', shardCount: 4 }));
    expect(trial.topology().shardlets.map((s) => s.owner)).toEqual([b, b, b, b]);
  });

  it('is refused without a host, under a taken name, and beyond the bounds', () => {
    expect(trial.refusal(createStream({ name: 's' }))).toBe('not_allowed');
    trial.addHost('a');
    trial.decide(createStream({ name: 's', shardCount: 1 }));
    expect(trial.refusal(createStream({ name: 's' }))).toBe('exists');
    for (const bad of [
      { name: 'Not a name' },
      { name: 't', shardCount: 0 },
      { name: 't', shardCount: 4_097 },
      { name: 't', shardCount: 1.5 },
      { name: 't', shardCount: 4_096, shardletsPerShard: 25 },
      { name: 't', settings: { dedupWindowMs: 1 } },
    ])
      expect(trial.refusal(createStream(bad)), JSON.stringify(bad)).toBe('not_allowed');
  });
});

describe('a bound of a setting', () => {
  it.each([
    [{ retentionMs: 30_000 }, 'the retention is at least 1 minute'],
    [
      { retentionBytes: 5, retentionMs: 5 },
      'the retention is at least 1 minute; the retention is at least 1 MB',
    ],
    [{ dedupWindowMs: 60_000 }, 'the window of deduplication is at least 3 minutes'],
  ])('is told in words: %o', (settings, reason) => {
    const trial = new Trial();
    trial.addHost('a');
    expect(() => trial.decide(createStream({ name: 's', settings }))).toThrow(`not_allowed: ${reason}`);
  });
});

describe('altering a stream', () => {
  it('changes the settings that are named and nothing else', () => {
    const trial = new Trial();
    trial.addHost('a');
    trial.openStream({ name: 's', shardCount: 1, settings: { retentionMs: 60_000 } });
    const altered = trial.decide(alterStream(1, { retentionBytes: 5_000_000 }));
    expect(altered).toMatchObject({ name: 's', retentionMs: 60_000, retentionBytes: 5_000_000 });
    expect(trial.topology().streams).toEqual([altered]);
    trial.decide(alterStream(1, { retentionMs: null }));
    expect(trial.topology().streams).toMatchObject([{ retentionMs: null, retentionBytes: 5_000_000 }]);
  });

  it('is refused for an unknown stream and for settings beyond the bounds', () => {
    const trial = new Trial();
    trial.addHost('a');
    trial.openStream({ name: 's', shardCount: 1 });
    expect(trial.refusal(alterStream(9, {}))).toBe('unknown');
    expect(trial.refusal(alterStream(1, { retentionMs: 5 }))).toBe('not_allowed');
  });
});

describe('deleting a stream', () => {
  it('takes its shardlets out of the topology store and leaves every replica they have as garbage', () => {
    const trial = new Trial();
    trial.addHost('a');
    const [kept] = trial.openStream({ name: 'kept', shardCount: 1 });
    const [one, two, three] = trial.openStream({ name: 's', shardCount: 3 });
    const ended = { successors: [], finalSeq: 1, finalTs: 1 };
    trial.force(two!.id, { kind: 'closed', ...ended });
    // its replica is garbage already
    trial.force(three!.id, { kind: 'gone', ...ended });
    expect(trial.decide(deleteStream(2))).toEqual({ replicas: 2 });
    const { streams, shardlets, garbage } = trial.topology();
    expect(streams.map((s) => s.name)).toEqual(['kept']);
    expect(shardlets).toEqual([kept]);
    const left = (s: typeof one) => ({ host: 1, shardlet: s!.id, epoch: s!.epoch, since: trial.nowMs });
    expect(garbage).toEqual([left(one), left(two)]);
  });

  it('is refused while a shardlet of it has something left to do', () => {
    const trial = new Trial();
    trial.addHost('a');
    const [one] = trial.openStream({ name: 's', shardCount: 2 });
    const ended = { successors: [], finalSeq: 1, finalTs: 1 };
    for (const state of [
      { kind: 'moving', dest: 1, nextEpoch: 5 },
      { kind: 'opening', job: { kind: 'raise' } },
      { kind: 'closing', successors: [] },
      { kind: 'closedMoving', dest: 1, nextEpoch: 5, ...ended },
    ] satisfies ShardletState[]) {
      trial.force(one!.id, state);
      expect(trial.refusal(deleteStream(1)), state.kind).toBe('in_use');
    }
    expect(trial.refusal(deleteStream(9))).toBe('unknown');
  });
});
