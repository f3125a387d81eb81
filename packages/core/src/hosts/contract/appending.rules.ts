/** Appending: the fence, order, timestamps and the refusals that store nothing. */
import { expect } from 'vitest';
import { framePosition } from '../record.ts';
import type { Rule } from './rule.ts';
import { sampleFrame } from './sample-events.ts';
import { ALL, SECOND, SPEC, stale, T0, WINDOW } from './scene.ts';

export function appendingRules(rule: Rule): void {
  rule('append gives consecutive seqs and timestamps and stores the frames as they came', async (s) => {
    await s.createOpen(1, 10);
    const first = await s.append(1, 10, [1, 2, 3]);
    expect(first).toEqual({
      kind: 'appended',
      firstSeq: 1,
      firstTs: T0,
      stored: 3,
      duplicates: [],
      expired: [],
    });
    expect((await s.append(1, 10, [4])).firstSeq).toBe(4);
    expect(await s.records(1)).toEqual(
      [1, 2, 3, 4].map((n, i) => ({ seq: n, ts: T0 + i, frame: sampleFrame(n) })),
    );
  });

  rule('append to what is not there, sealed, or at another epoch is stale and stores nothing', async (s) => {
    expect(await s.tryAppend(1, 10, [sampleFrame(1)])).toEqual(stale(0, 'absent'));
    await s.createOpen(1, 10);
    expect(await s.tryAppend(1, 9, [sampleFrame(1)])).toEqual(stale(10, 'open'));
    expect(await s.tryAppend(1, 11, [sampleFrame(1)])).toEqual(stale(10, 'open'));
    await s.seal(1, 10);
    expect(await s.tryAppend(1, 10, [sampleFrame(1)])).toEqual(stale(10, 'sealed'));
    await s.createShadow(2, 12);
    expect(await s.tryAppend(2, 12, [sampleFrame(1)])).toEqual(stale(12, 'shadow'));
    await s.host.drop(1, 10);
    expect(await s.tryAppend(1, 10, [sampleFrame(1)])).toEqual(stale(10, 'dropped'));
  });

  rule('an append is checked as strictly right after one that was stored as a whole', async (s) => {
    let n = 100;
    const storeAsAWhole = async () => expect(await s.append(9, 10, [++n])).toMatchObject({ stored: 1 });
    const afterwards = async (...args: Parameters<typeof s.tryAppend>) => {
      await storeAsAWhole();
      return s.tryAppend(...args);
    };
    for (const shardlet of [1, 2, 9]) await s.createOpen(shardlet, 10);
    const known = sampleFrame(1);
    expect(await afterwards(1, 10, [known])).toMatchObject({ stored: 1 });
    expect(await afterwards(1, 9, [sampleFrame(2)])).toEqual(stale(10, 'open'));
    expect(await afterwards(1, 11, [sampleFrame(2)])).toEqual(stale(10, 'open'));
    expect(await afterwards(3, 10, [sampleFrame(2)])).toEqual(stale(0, 'absent'));
    expect(await afterwards(1, 10, [known])).toMatchObject({ stored: 0, duplicates: [{ seq: 1 }] });
    const tokenTs = s.now + 2 * SECOND;
    expect(await afterwards(1, 10, [sampleFrame(2)], { tokenTs })).toMatchObject({ kind: 'ahead' });
    expect(await afterwards(1, 10, [sampleFrame(2)], { idTimes: [1] })).toMatchObject({ expired: [0] });
    const range = { from: { hi: 0, lo: 0 }, to: { hi: 1, lo: 0 } };
    await s.host.createOpen(4, 10, { ...SPEC, range }, []);
    expect(await afterwards(4, 10, [sampleFrame(2)])).toEqual({ kind: 'outside', index: 0 });
    await s.seal(2, 10);
    expect(await afterwards(2, 10, [sampleFrame(2)])).toEqual(stale(10, 'sealed'));
    await s.createOpen(5, 11, [[2, 10]]);
    expect(await afterwards(5, 11, [])).toMatchObject({ stored: 0, firstSeq: 1 });
    await s.later(WINDOW);
    await s.append(1, 10, [2]);
    await s.later(WINDOW);
    expect(await afterwards(1, 10, [known])).toMatchObject({ stored: 1, firstSeq: 3 });
    expect(await afterwards(1, 10, [sampleFrame(2), known])).toMatchObject({ stored: 0 });
  });

  rule('every group of an append has an outcome of its own, in order', async (s) => {
    await s.createOpen(5, 10);
    await s.createOpen(3, 11);
    await s.createOpen(4, 12);
    const replies = await s.host.append([
      s.group(5, 10, [sampleFrame(1)]),
      s.group(9, 10, [sampleFrame(2)]),
      s.group(3, 10, [sampleFrame(3)]),
      s.group(4, 12, [sampleFrame(4), sampleFrame(5)]),
    ]);
    expect(replies.map((reply) => reply.kind)).toEqual(['appended', 'stale', 'stale', 'appended']);
    expect(replies[3]).toMatchObject({ firstSeq: 1, stored: 2 });
    expect(await s.records(3)).toEqual([]);
    expect(await s.host.append([])).toEqual([]);
  });

  rule('the edge time is believed within a second of the host clock', async (s) => {
    await s.createOpen(1, 10);
    expect((await s.append(1, 10, [1], { edgeTs: T0 - 5 * SECOND })).firstTs).toBe(T0 - SECOND);
    expect((await s.append(1, 10, [2], { edgeTs: T0 + 400 })).firstTs).toBe(T0 + 400);
    expect((await s.append(1, 10, [3], { edgeTs: T0 + 5 * SECOND })).firstTs).toBe(T0 + SECOND);
  });

  rule('timestamps rise above what was given, what was promised and what clients hand back', async (s) => {
    await s.createOpen(1, 10);
    await s.createOpen(2, 11);
    await s.append(1, 10, [1, 2, 3]);
    expect((await s.append(1, 10, [4], { edgeTs: T0 - 400 })).firstTs).toBe(T0 + 3);
    await s.later(SECOND / 2);
    await s.host.frontier(T0 + 400_000, 0);
    expect((await s.append(1, 10, [5], { edgeTs: T0 })).firstTs).toBe(T0 + 400_001);
    expect((await s.append(2, 11, [6], { edgeTs: T0 })).firstTs).toBe(T0 + 400_001);
    const token = s.now + SECOND;
    expect((await s.append(2, 11, [7, 8], { tokenTs: token })).firstTs).toBe(token + 1);
    expect((await s.append(2, 11, [9])).firstTs).toBe(token + 3);
  });

  rule('a token more than a second ahead of the host clock is waited for, not clamped', async (s) => {
    await s.createOpen(1, 10);
    const tokenTs = T0 + SECOND + 250;
    expect(await s.tryAppend(1, 10, [sampleFrame(1)], { tokenTs })).toEqual({
      kind: 'ahead',
      aheadMicros: 250,
    });
    expect(await s.records(1)).toEqual([]);
    await s.later(250);
    expect((await s.append(1, 10, [1], { tokenTs })).firstTs).toBe(tokenTs + 1);
  });

  rule('an event outside the range refuses its group and names the first such event', async (s) => {
    const frames = [1, 2, 3].map((n) => sampleFrame(n, { key: 'inside' }));
    const at = framePosition(frames[0]!).hi;
    const range = { from: { hi: at, lo: 0 }, to: { hi: at + 1, lo: 0 } };
    await s.host.createOpen(1, 10, { ...SPEC, range }, []);
    const foreign = sampleFrame(4, { key: 'elsewhere' });
    expect(await s.tryAppend(1, 10, [frames[0]!, frames[1]!, foreign, foreign])).toEqual({
      kind: 'outside',
      index: 2,
    });
    expect(await s.records(1)).toEqual([]);
    expect(await s.tryAppend(1, 10, frames)).toMatchObject({ stored: 3 });
  });

  rule('the ends of a range hold inside a key as well', async (s) => {
    const low = sampleFrame(1, { key: 'hot', identity: new Uint32Array([999, 1, 1, 1]) });
    const high = sampleFrame(2, { key: 'hot', identity: new Uint32Array([1000, 2, 2, 2]) });
    const hi = framePosition(low).hi;
    const cut = { hi, lo: 1000 };
    await s.host.createOpen(1, 10, { ...SPEC, range: { from: { hi, lo: 0 }, to: cut } }, []);
    await s.host.createOpen(2, 11, { ...SPEC, range: { from: cut, to: { hi: hi + 1, lo: 0 } } }, []);
    expect(await s.tryAppend(1, 10, [low])).toMatchObject({ stored: 1 });
    expect(await s.tryAppend(1, 10, [high])).toEqual({ kind: 'outside', index: 0 });
    expect(await s.tryAppend(2, 11, [low])).toEqual({ kind: 'outside', index: 0 });
    expect(await s.tryAppend(2, 11, [high])).toMatchObject({ stored: 1 });
  });

  rule(
    'an id time below clock - (window - lead) is expired, one ahead of the clock is not timed',
    async (s) => {
      await s.createOpen(1, 10);
      const oldest = T0 - (WINDOW - SPEC.dedup.leadMicros);
      const reply = await s.append(1, 10, [1, 2, 3, 4], {
        idTimes: [oldest - 1, oldest, 0, T0 + 1000 * SECOND],
      });
      expect(reply).toMatchObject({ stored: 3, expired: [0], duplicates: [], firstSeq: 1 });
      const again = await s.append(1, 10, [1, 2], { idTimes: [oldest - 1, oldest - 1] });
      expect(again).toMatchObject({ stored: 0, expired: [0], firstSeq: 4 });
      expect(again.duplicates).toEqual([{ index: 1, shardlet: 1, seq: 1, ts: reply.firstTs }]);
    },
  );

  rule(
    'at the cap of ids new events are refused and none is forgotten',
    async (s) => {
      await s.createOpen(1, 10);
      await s.append(1, 10, [1, 2, 3]);
      const more = [sampleFrame(4), sampleFrame(5)];
      expect(await s.tryAppend(1, 10, more)).toEqual({ kind: 'tooManyIds' });
      expect(await s.append(1, 10, [1, 2])).toMatchObject({ stored: 0 });
      expect(await s.append(1, 10, [4])).toMatchObject({ stored: 1 });
      expect(await s.append(1, 10, [3, 4])).toMatchObject({ stored: 0 });
      await s.later(WINDOW);
      expect(await s.append(1, 10, [5])).toMatchObject({ stored: 1 });
      expect((await s.host.read(1, 1, 0, ALL)).kind).toBe('records');
    },
    { idsPerSetMax: 4 },
  );
}
