import { describe, expect, it } from 'vitest';
import { markGone } from './ending.ts';
import { addHost, changeHostAddress, describeHost, removeHost } from './hosts.ts';
import { Trial } from './trial.ts';

describe('adding a host', () => {
  it('makes it active, with an id of its own', () => {
    const trial = new Trial();
    const ids = [trial.addHost('a'), trial.addHost('b')];
    expect(ids).toEqual([1, 2]);
    expect(trial.host(2)).toEqual({
      id: 2,
      name: 'b',
      engine: 'redis',
      url: 'redis://b.test:6379',
      incarnation: 'b-1',
      generation: 0,
      durability: 'always',
      state: 'active',
      ...{ zone: 'default', labels: {}, capacity: {} },
    });
  });

  it('is refused when the name or the address is taken, or the name is empty', () => {
    const trial = new Trial();
    trial.addHost('a');
    const request = { engine: 'redis', incarnation: 'r', durability: 'always' } as const;
    expect(trial.refusal(addHost({ ...request, name: 'a', url: 'redis://x:1' }))).toBe('exists');
    expect(trial.refusal(addHost({ ...request, name: 'x', url: 'redis://a.test:6379' }))).toBe('exists');
    expect(trial.refusal(addHost({ ...request, name: '', url: 'redis://x:1' }))).toBe('not_allowed');
  });
});

describe('describing a host', () => {
  it('keeps what is not named, and takes labels and capacity as wholes', () => {
    const trial = new Trial();
    const a = trial.addHost('a');
    trial.decide(describeHost(a, { zone: 'north', labels: { disk: 'ssd', rack: 'r1' } }));
    trial.decide(describeHost(a, { labels: { disk: 'hdd' }, capacity: { eventsPerSecond: 500 } }));
    expect(trial.host(a)).toMatchObject({
      name: 'a',
      zone: 'north',
      labels: { disk: 'hdd' },
      capacity: { eventsPerSecond: 500 },
    });
    expect(trial.host(a)?.labels).not.toHaveProperty('rack');
  });

  it('is refused for a host that is not there, and for words and numbers that mean nothing', () => {
    const trial = new Trial();
    const a = trial.addHost('a');
    expect(trial.refusal(describeHost(9, { zone: 'north' }))).toBe('unknown');
    expect(trial.refusal(describeHost(a, { zone: '' }))).toBe('not_allowed');
    expect(trial.refusal(describeHost(a, { labels: { 'a b': 'c' } }))).toBe('not_allowed');
    expect(trial.refusal(describeHost(a, { capacity: { eventsPerSecond: 0 } }))).toBe('not_allowed');
  });
});

describe('changing the address of a host', () => {
  it('changes nothing else', () => {
    const trial = new Trial();
    const a = trial.addHost('a');
    const before = trial.host(a);
    const url = 'redis://foreshard:secret@a.test:6379';
    trial.decide(changeHostAddress(a, url));
    expect(trial.host(a)).toEqual({ ...before, url });
    // again, as after a crash
    trial.decide(changeHostAddress(a, url));
  });

  it('is refused for a host that is not there, and for the address of another one', () => {
    const trial = new Trial();
    const [a] = [trial.addHost('a'), trial.addHost('b')];
    expect(trial.refusal(changeHostAddress(9, 'redis://x:1'))).toBe('unknown');
    expect(trial.refusal(changeHostAddress(a, 'redis://b.test:6379'))).toBe('exists');
    expect(trial.refusal(changeHostAddress(a, ''))).toBe('not_allowed');
  });
});

describe('removing a host', () => {
  it('is refused while the host owns what is still kept, or is an end of a move', () => {
    const trial = new Trial();
    const [a, b] = [trial.addHost('a'), trial.addHost('b')];
    const [shardlet] = trial.openStream({ name: 's', shardCount: 1 });
    expect(trial.refusal(removeHost(a))).toBe('in_use');
    const { id, epoch } = shardlet!;
    trial.startMove(id, b);
    expect(trial.refusal(removeHost(b))).toBe('in_use');
    trial.force(id, {
      kind: 'opening',
      job: { kind: 'migrate', source: b, sourceEpoch: epoch, finalSeq: 0 },
    });
    expect(trial.refusal(removeHost(b))).toBe('in_use');
    trial.force(id, {
      kind: 'closedMoving',
      dest: b,
      nextEpoch: 9,
      successors: [],
      finalSeq: 0,
      finalTs: 0,
    });
    expect(trial.refusal(removeHost(b))).toBe('in_use');
    trial.force(id, { kind: 'closed', successors: [], finalSeq: 0, finalTs: 0 });
    expect(trial.refusal(removeHost(b))).toBeUndefined();
    expect(trial.refusal(removeHost(a))).toBe('in_use');
    expect(trial.refusal(removeHost(b))).toBe('unknown');
  });

  it('takes what was left to drop there along', () => {
    const trial = new Trial();
    const a = trial.addHost('a');
    const [shardlet] = trial.openStream({ name: 's', shardCount: 1 });
    trial.force(shardlet!.id, { kind: 'closed', successors: [], finalSeq: 0, finalTs: 0 });
    trial.decide(markGone(shardlet!.id));
    expect(trial.topology().garbage.length).toBe(1);
    trial.decide(removeHost(a));
    expect(trial.topology()).toMatchObject({ hosts: [], garbage: [] });
    // its id is not given again
    expect(trial.addHost('a')).toBe(2);
  });
});
