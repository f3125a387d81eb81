/** Deduplication: what is known, for exactly how long, and how it travels to children and copies. */
import { expect } from 'vitest';
import type { IdSetInfo, KnownId } from '../event-host.ts';
import type { Rule } from './rule.ts';
import { collidingFrames, sampleFrame } from './sample-events.ts';
import { ALL, expectationOf, LEAD, recordsOf, type Scene, T0, WINDOW } from './scene.ts';

async function expectKnown(s: Scene, at: [number, number], n: number, shardlet: number, seq?: number) {
  const ts = seq === undefined ? undefined : await timeOf(s, shardlet, seq);
  const reply = await s.append(at[0], at[1], [n]);
  expect(reply).toMatchObject({ stored: 0 });
  expect(reply.duplicates).toEqual([{ index: 0, shardlet, seq, ts }]);
}

/** undefined where the host has no readable record of it */
async function timeOf(s: Scene, shardlet: number, seq: number): Promise<number | undefined> {
  const reply = await s.host.read(shardlet, seq, 0, ALL);
  return reply.kind === 'records' ? reply.records[0]?.ts : undefined;
}

async function allIds(s: Scene, shardlet: number, set: string): Promise<KnownId[]> {
  const ids: KnownId[] = [];
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const chunk = await s.host.readIds(shardlet, set, cursor);
    ids.push(...chunk.ids);
    cursor = chunk.next;
  }
  return ids.sort((a, b) => a.seq - b.seq);
}

function idsOf(events: readonly number[]): KnownId[] {
  return events.map((n, i) => ({ field: sampleFrame(n).slice(12, 19), seq: i + 1 }));
}

async function inherited(s: Scene, shardlet: number): Promise<readonly IdSetInfo[]> {
  const details = await s.host.describe(shardlet);
  return 'inheritedIdSets' in details ? details.inheritedIdSets : [];
}

export function duplicateRules(rule: Rule): void {
  rule('a known event is answered with its place and the rest is stored in order', async (s) => {
    await s.createOpen(1, 10);
    const { firstTs } = await s.append(1, 10, [1, 2]);
    const reply = await s.append(1, 10, [3, 2, 4, 1]);
    expect(reply).toMatchObject({ firstSeq: 3, stored: 2 });
    expect(reply.duplicates).toEqual([
      { index: 1, shardlet: 1, seq: 2, ts: firstTs + 1 },
      { index: 3, shardlet: 1, seq: 1, ts: firstTs },
    ]);
    expect(await s.records(1, 3)).toEqual(
      [3, 4].map((n, i) => ({ seq: 3 + i, ts: reply.firstTs + i, frame: sampleFrame(n) })),
    );
  });

  rule('an event twice in one group is stored once', async (s) => {
    await s.createOpen(1, 10);
    const reply = await s.append(1, 10, [1, 2, 1, 3, 2]);
    expect(reply).toMatchObject({ stored: 3 });
    expect(reply.duplicates).toEqual([
      { index: 2, shardlet: 1, seq: 1, ts: reply.firstTs },
      { index: 4, shardlet: 1, seq: 2, ts: reply.firstTs + 1 },
    ]);
  });

  rule('the same id under another key is another event', async (s) => {
    await s.createOpen(1, 10);
    const reply = await s.tryAppend(1, 10, [sampleFrame(1, { key: 'a' }), sampleFrame(1, { key: 'b' })]);
    expect(reply).toMatchObject({ stored: 2, duplicates: [] });
  });

  rule('events that agree in the kept bytes only are told apart while their records are there', async (s) => {
    const [a, b] = collidingFrames();
    await s.createOpen(1, 10);
    expect(await s.tryAppend(1, 10, [a])).toMatchObject({ stored: 1 });
    expect(await s.tryAppend(1, 10, [b])).toMatchObject({ stored: 1, duplicates: [] });
    const again = await s.tryAppend(1, 10, [b, a]);
    expect(again).toMatchObject({
      stored: 0,
      duplicates: [
        { index: 0, shardlet: 1, seq: 2 },
        { index: 1, shardlet: 1, seq: 1 },
      ],
    });
    await s.createOpen(2, 11);
    expect(await s.tryAppend(2, 11, [a, b, a])).toMatchObject({ stored: 2, duplicates: [{ seq: 1 }] });
  });

  rule('an id is known for a window after its set was closed, and not longer', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.at(T0 + WINDOW - 1);
    await s.append(1, 10, [2]);
    await s.at(T0 + WINDOW);
    await s.append(1, 10, [3]); // closes the set of 1 and 2
    await s.at(T0 + 2 * WINDOW - 1);
    await expectKnown(s, [1, 10], 1, 1, 1);
    await expectKnown(s, [1, 10], 2, 1, 2);
    await s.at(T0 + 2 * WINDOW);
    expect(await s.append(1, 10, [1])).toMatchObject({ stored: 1, firstSeq: 4 });
    await expectKnown(s, [1, 10], 3, 1, 3);
  });

  rule('a set is closed before the events of the append that closes it are looked up', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.at(T0 + 10 * WINDOW);
    await expectKnown(s, [1, 10], 1, 1, 1);
    await s.append(1, 10, [2]);
    await s.at(T0 + 11 * WINDOW - 1);
    await expectKnown(s, [1, 10], 1, 1, 1);
    await s.at(T0 + 11 * WINDOW);
    expect(await s.append(1, 10, [1])).toMatchObject({ stored: 1 });
    await expectKnown(s, [1, 10], 2, 1, 2);
  });

  rule('the latest policy that came with an append counts', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    const dedup = { windowMicros: WINDOW / 10, leadMicros: LEAD / 10 };
    await s.at(T0 + WINDOW / 10);
    await s.append(1, 10, [2], { dedup });
    await s.at(T0 + (2 * WINDOW) / 10);
    expect(await s.append(1, 10, [1], { dedup })).toMatchObject({ stored: 1 });
  });

  rule('a trimmed event is still known, without its seq', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1], { edgeTs: T0 });
    await s.at(T0 + WINDOW + LEAD);
    await s.append(1, 10, [2]);
    expect(await s.host.trim(1, 10, 3)).toEqual({ kind: 'trimmed', firstSeq: 2 });
    await expectKnown(s, [1, 10], 1, 1, undefined);
    await expectKnown(s, [1, 10], 2, 1, 2);
  });

  rule('a child knows the events of its parents and where they are', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.at(T0 + WINDOW);
    await s.append(1, 10, [2]);
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    await expectKnown(s, [2, 11], 1, 1, 1);
    await expectKnown(s, [2, 11], 2, 1, 2);
    expect(await s.append(2, 11, [3])).toMatchObject({ stored: 1, firstSeq: 1 });
    expect((await inherited(s, 2)).map(({ name, count }) => ({ name, count }))).toEqual([
      { name: '1.10.2', count: 1 },
      { name: '1.10.1', count: 1 },
    ]);
  });

  rule('rolling three times in a window loses no id, also when all parents are dropped', async (s) => {
    await s.createOpen(1, 10);
    for (const n of [1, 2, 3]) {
      await s.append(n, 9 + n, [n]);
      await s.seal(n, 9 + n);
      await s.createOpen(n + 1, 10 + n, [[n, 9 + n]]);
      expect(await s.host.drop(n, 9 + n)).toEqual({ kind: 'dropped' });
    }
    for (const n of [1, 2, 3]) await expectKnown(s, [4, 13], n, n, 1);
    await s.at(T0 + WINDOW);
    expect(await s.append(4, 13, [1, 2, 3])).toMatchObject({ stored: 3 });
  });

  rule('a merged child knows the events of both sides, each set once', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    await s.createOpen(3, 11, [[1, 10]]);
    await s.append(2, 11, [2]);
    await s.append(3, 11, [3]);
    await s.seal(2, 11);
    await s.seal(3, 11);
    await s.createOpen(4, 12, [
      [2, 11],
      [3, 11],
    ]);
    for (const n of [1, 2, 3]) await expectKnown(s, [4, 12], n, n, 1);
    expect((await inherited(s, 4)).map((set) => set.name)).toEqual(['2.11.1', '1.10.1', '3.11.1']);
  });

  rule('a set of a parent tells the time it has left and is not listed once that is over', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    await s.later(40);
    expect(await inherited(s, 2)).toEqual([
      { name: '1.10.1', origin: 1, count: 2, timeLeftMicros: WINDOW - 40 },
    ]);
    expect(await allIds(s, 2, '1.10.1')).toEqual(idsOf([1, 2]));
    await s.at(T0 + WINDOW);
    expect(await inherited(s, 2)).toEqual([]);
    expect(await s.host.readIds(2, '1.10.1', 0)).toEqual({ ids: [], next: undefined });
  });

  rule('a sealed replica that is raised goes on with a new generation and knows the old one', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.seal(1, 10);
    await s.host.raise(1, 12);
    await s.append(1, 12, [2]);
    await s.seal(1, 12);
    await s.createOpen(2, 13, [[1, 12]]);
    expect((await inherited(s, 2)).map((set) => set.name)).toEqual(['1.10.2', '1.10.1']);
    await expectKnown(s, [2, 13], 1, 1, 1);
  });

  rule('an empty set is not handed on', async (s) => {
    await s.createOpen(1, 10);
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    expect(await inherited(s, 2)).toEqual([]);
  });

  rule('forgetting frees what is over, in portions, and nothing else', async (s) => {
    await s.createShadow(1, 10);
    const set = { name: '9.1.1', origin: 9, count: 3, timeLeftMicros: 1_000 };
    await s.host.ingestIds(1, 10, set, idsOf([1, 2, 3]), true);
    await s.host.ready(1, 10, { ...expectationOf([]), idSets: ['9.1.1'] });
    await s.host.open(1, 10);
    await s.append(1, 10, [4]);
    expect(await s.host.forgetIds(10)).toBe(0);
    await s.later(1_000);
    expect(await s.host.forgetIds(2)).toBe(2);
    expect(await s.host.forgetIds(10)).toBe(1);
    expect(await s.host.forgetIds(10)).toBe(0);
    expect(await s.append(1, 10, [4, 1])).toMatchObject({ stored: 1, duplicates: [{ index: 0, seq: 1 }] });
  });

  rule('the ids of young records come with them, those of old records do not', async (s) => {
    const young = T0 - WINDOW - LEAD + 1;
    await s.copyOf(1, 20, [...recordsOf([1], young - 1), ...recordsOf([2, 3], young, 2)]);
    const reply = await s.append(1, 20, [1, 2, 3]);
    expect(reply).toMatchObject({ stored: 1, firstSeq: 4 });
    expect(reply.duplicates.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  rule('a truncated record is not known any more', async (s) => {
    await s.createShadow(1, 20);
    await s.host.ingest(1, 20, recordsOf([1, 2, 3]));
    await s.host.truncate(1, 20, 1);
    const records = recordsOf([1, 4, 5]);
    await s.host.ingest(1, 20, records.slice(1));
    expect(await s.host.ready(1, 20, expectationOf(records))).toEqual({ kind: 'ready' });
    await s.host.open(1, 20);
    await expectKnown(s, [1, 20], 4, 1, 2);
    expect(await s.append(1, 20, [2])).toMatchObject({ stored: 1, firstSeq: 4 });
  });

  rule('a record that was truncated and then trimmed away leaves no id behind', async (s) => {
    await s.createShadow(1, 20);
    await s.host.ingest(1, 20, recordsOf([1, 2]));
    await s.host.truncate(1, 20, 0);
    await s.host.trim(1, 20, 3);
    await s.host.ready(1, 20, { ...expectationOf([]), firstSeq: 3, finalSeq: 2 });
    await s.host.open(1, 20);
    expect(await s.append(1, 20, [1, 2])).toMatchObject({ stored: 2, firstSeq: 3 });
  });

  rule('the unproven records of a shadow do not decide what is a duplicate', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1]);
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    await s.createShadow(1, 12);
    await s.host.ingest(1, 12, recordsOf([9]));
    await expectKnown(s, [2, 11], 1, 1, 1);
  });

  rule('a copied set counts once complete, for the time it had left', async (s) => {
    await s.createShadow(2, 20);
    const set = { name: '1.10.1', origin: 1, count: 3, timeLeftMicros: 5_000 };
    const ids = idsOf([1, 2, 3]);
    const expectation = { ...expectationOf([]), idSets: ['1.10.1'] };
    expect(await s.host.ready(2, 20, expectation)).toEqual({ kind: 'refused', because: 'idSets' });
    expect(await s.host.ingestIds(2, 20, set, ids.slice(0, 2), false)).toEqual({ kind: 'ingested' });
    expect(await s.host.ready(2, 20, expectation)).toEqual({ kind: 'refused', because: 'idSets' });
    expect(await inherited(s, 2)).toEqual([]);
    await s.later(1_000);
    const later = { ...set, timeLeftMicros: 4_000 };
    expect(await s.host.ingestIds(2, 20, later, ids.slice(1), true)).toEqual({ kind: 'ingested' });
    expect(await inherited(s, 2)).toEqual([later]);
    expect(await allIds(s, 2, '1.10.1')).toEqual(ids);
    expect(await s.host.ready(2, 20, expectation)).toEqual({ kind: 'ready' });
    await s.host.open(2, 20);
    await expectKnown(s, [2, 20], 2, 1, 2);
    await s.at(T0 + 5_000);
    expect(await s.append(2, 20, [2])).toMatchObject({ stored: 1 });
  });

  rule('a copied set that ended meanwhile is not missed, complete or not, freed or not', async (s) => {
    for (const [shardlet, complete, freed] of [
      [2, true, false],
      [3, false, false],
      [4, true, true],
      [5, false, true],
    ] as const) {
      await s.createShadow(shardlet, 20);
      const set = { name: `${shardlet + 10}.10.1`, origin: shardlet + 10, count: 1, timeLeftMicros: 5_000 };
      await s.host.ingestIds(shardlet, 20, set, idsOf([1]), complete);
      await s.later(5_000);
      if (freed) await s.host.forgetIds(100);
      const expectation = { ...expectationOf([]), idSets: [set.name] };
      expect(await s.host.ready(shardlet, 20, expectation)).toEqual({ kind: 'ready' });
    }
  });

  rule('a set that two copies inherit is kept until the last of them goes', async (s) => {
    const set = { name: '1.10.1', origin: 1, count: 1, timeLeftMicros: WINDOW };
    const expectation = { ...expectationOf([]), idSets: [set.name] };
    for (const shardlet of [2, 3]) {
      await s.createShadow(shardlet, 20);
      await s.host.ingestIds(shardlet, 20, set, idsOf([1]), true);
      await s.host.ingestIds(shardlet, 20, set, idsOf([1]), true);
      await s.host.ready(shardlet, 20, expectation);
      await s.host.open(shardlet, 20);
    }
    await s.host.drop(2, 20);
    await s.host.drop(2, 20);
    await expectKnown(s, [3, 20], 1, 1, 1);
  });

  rule('the sets of a parent outlive it while a child refers to them', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.seal(1, 10);
    await s.createOpen(2, 11, [[1, 10]]);
    await s.host.drop(1, 10);
    await s.seal(2, 11);
    expect(await inherited(s, 2)).toMatchObject([{ name: '1.10.1', count: 2 }]);
    expect(await allIds(s, 2, '1.10.1')).toEqual(idsOf([1, 2]));
  });
}
