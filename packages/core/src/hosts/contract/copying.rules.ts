/** Copying: a shadow takes records without gaps, is corrected, trimmed, and proven equal before it is ready. */
import { expect } from 'vitest';
import type { Rule } from './rule.ts';
import { sampleFrame } from './sample-events.ts';
import {
  digestOf,
  expectationOf,
  LEAD,
  recordsOf,
  type Scene,
  SECOND,
  SPEC,
  stale,
  T0,
  WINDOW,
} from './scene.ts';

async function digestHeld(s: Scene, shardlet: number, epoch: number, from: number, to: number) {
  const reply = await s.host.digest(shardlet, epoch, from, to);
  expect(reply.kind).toBe('digest');
  return reply.kind === 'digest' ? reply.digest : undefined;
}

export function copyingRules(rule: Rule): void {
  rule('ingest continues without a gap and skips what is there', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3, 4, 5]);
    expect(await s.host.ingest(1, 10, records.slice(1))).toEqual({ kind: 'gap', lastSeq: 0 });
    expect(await s.host.ingest(1, 10, records.slice(0, 2))).toEqual({ kind: 'ingested', lastSeq: 2 });
    expect(await s.host.ingest(1, 10, records.slice(3))).toEqual({ kind: 'gap', lastSeq: 2 });
    expect(await s.host.ingest(1, 10, records.slice(0, 4))).toEqual({ kind: 'ingested', lastSeq: 4 });
    expect(await s.host.ingest(1, 10, records.slice(0, 2))).toEqual({ kind: 'ingested', lastSeq: 4 });
    expect(await s.host.ingest(1, 10, [])).toEqual({ kind: 'ingested', lastSeq: 4 });
    expect(await digestHeld(s, 1, 10, 1, 9)).toEqual(digestOf(records.slice(0, 4)));
  });

  for (const toCome of [0, 1, 100_000, 2 ** 53 - 1])
    rule(`${toCome} records that are told to follow change nothing of what is known`, async (s) => {
      const records = recordsOf(Array.from({ length: 200 }, (_, i) => i + 1));
      await s.createShadow(1, 10);
      await s.host.ingest(1, 10, records.slice(0, 150), toCome);
      await s.host.ingest(1, 10, records.slice(150), toCome);
      expect(await s.host.ready(1, 10, expectationOf(records))).toEqual({ kind: 'ready' });
      await s.host.open(1, 10);
      const { firstSeq, duplicates } = await s.append(1, 10, [1, 151, 200, 201]);
      expect(firstSeq).toBe(201);
      expect(duplicates.map(({ index, seq }) => [index, seq])).toEqual([
        [0, 1],
        [1, 151],
        [2, 200],
      ]);
    });

  rule('other content at a seq is reported, and nothing of that call is taken', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3, 4]);
    await s.host.ingest(1, 10, records.slice(0, 3));
    const otherFrame = records.with(1, { ...records[1]!, frame: sampleFrame(9) });
    expect(await s.host.ingest(1, 10, otherFrame)).toEqual({ kind: 'conflict', seq: 2 });
    const otherTs = records.with(2, { ...records[2]!, ts: T0 + 99 });
    expect(await s.host.ingest(1, 10, otherTs)).toEqual({ kind: 'conflict', seq: 3 });
    expect(await s.host.describe(1)).toMatchObject({ lastSeq: 3 });
    expect(await digestHeld(s, 1, 10, 1, 3)).toEqual(digestOf(records.slice(0, 3)));
  });

  rule('ingest, ingestIds and truncate need a shadow at exactly this epoch', async (s) => {
    const records = recordsOf([1]);
    const set = { name: '9.1.1', origin: 9, count: 0, timeLeftMicros: 1_000 };
    const expectStale = async (shardlet: number, epoch: number, answer: unknown) => {
      expect(await s.host.ingest(shardlet, epoch, records)).toEqual(answer);
      expect(await s.host.ingestIds(shardlet, epoch, set, [], true)).toEqual(answer);
      expect(await s.host.truncate(shardlet, epoch, 0)).toEqual(answer);
    };
    await expectStale(1, 10, stale(0, 'absent'));
    await s.createOpen(1, 10);
    await expectStale(1, 10, stale(10, 'open'));
    await s.createShadow(2, 10);
    await expectStale(2, 9, stale(10, 'shadow'));
    await expectStale(2, 11, stale(10, 'shadow'));
    await s.host.ready(2, 10, expectationOf([]));
    await expectStale(2, 10, stale(10, 'ready'));
    await s.host.drop(2, 10);
    await expectStale(2, 10, stale(10, 'dropped'));
  });

  rule('truncate removes the end of a shadow, never below firstSeq - 1', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3, 4]);
    await s.host.ingest(1, 10, records);
    expect(await s.host.truncate(1, 10, 9)).toEqual({ kind: 'done', lastSeq: 4 });
    expect(await s.host.truncate(1, 10, 3)).toEqual({ kind: 'done', lastSeq: 3 });
    expect(await s.host.truncate(1, 10, 3)).toEqual({ kind: 'done', lastSeq: 3 });
    await s.host.trim(1, 10, 2);
    expect(await s.host.truncate(1, 10, 0)).toEqual({ kind: 'done', lastSeq: 1 });
    expect(await s.host.describe(1)).toMatchObject({ firstSeq: 2, lastSeq: 1, bytes: 0 });
    expect(await s.host.ingest(1, 10, records.slice(1))).toEqual({ kind: 'ingested', lastSeq: 4 });
  });

  rule('a digest covers the records that are there, in any mode, at exactly this epoch', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2, 3]);
    const records = await s.records(1);
    expect(await digestHeld(s, 1, 10, 1, 3)).toEqual(digestOf(records));
    expect(await digestHeld(s, 1, 10, 2, 2)).toEqual(digestOf(records.slice(1, 2)));
    expect(await digestHeld(s, 1, 10, 3, 100)).toEqual(digestOf(records.slice(2)));
    expect(await digestHeld(s, 1, 10, 3, 2)).toEqual(digestOf([]));
    expect(await s.host.digest(1, 9, 1, 3)).toEqual(stale(10, 'open'));
    await s.seal(1, 10);
    expect(await digestHeld(s, 1, 10, 1, 3)).toEqual(digestOf(records));
    await s.host.drop(1, 10);
    expect(await s.host.digest(1, 10, 1, 3)).toEqual(stale(10, 'dropped'));
  });

  rule('trim forgets old records and spares those younger than window + lead', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.later(SECOND);
    await s.append(1, 10, [3]);
    const before = await s.records(1);
    expect(await s.host.trim(1, 10, 9)).toEqual({ kind: 'trimmed', firstSeq: 1 });
    await s.at(T0 + WINDOW + LEAD);
    expect(await s.host.trim(1, 10, 9)).toEqual({ kind: 'trimmed', firstSeq: 2 });
    expect(await s.host.read(1, 1, 0, { maxRecords: 1, maxBytes: 1 })).toEqual({
      kind: 'gone',
      firstSeq: 2,
    });
    expect(await s.records(1, 2)).toEqual(before.slice(1));
    await s.at(T0 + 2 * WINDOW);
    expect(await s.host.trim(1, 10, 3)).toEqual({ kind: 'trimmed', firstSeq: 3 });
    expect(await s.host.trim(1, 10, 2)).toEqual({ kind: 'trimmed', firstSeq: 3 });
    expect(await s.host.trim(1, 10, 99)).toEqual({ kind: 'trimmed', firstSeq: 4 });
    expect(await s.host.describe(1)).toMatchObject({ firstSeq: 4, lastSeq: 3, bytes: 0 });
    expect((await s.append(1, 10, [4])).firstSeq).toBe(4);
  });

  rule('trim works on sealed and ready replicas too, at exactly their epoch', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.seal(1, 10);
    const records = recordsOf([3, 4]);
    await s.copyOf(2, 10, records, false);
    for (const shardlet of [1, 2]) {
      await s.at(T0);
      expect(await s.host.trim(shardlet, 10, 2)).toEqual({ kind: 'trimmed', firstSeq: 1 });
      await s.at(T0 + WINDOW + LEAD);
      expect(await s.host.trim(shardlet, 10, 9)).toEqual({ kind: 'trimmed', firstSeq: 2 });
    }
    expect(await s.host.trim(1, 9, 2)).toEqual(stale(10, 'sealed'));
    expect(await s.host.trim(2, 11, 2)).toEqual(stale(10, 'ready'));
    await s.host.drop(1, 10);
    expect(await s.host.trim(1, 10, 2)).toEqual(stale(10, 'dropped'));
    expect(await s.host.trim(3, 10, 2)).toEqual(stale(0, 'absent'));
  });

  rule('a shadow is trimmed like its source, also past its end', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3, 4, 5, 6]);
    await s.host.ingest(1, 10, records.slice(0, 2));
    expect(await s.host.trim(1, 10, 2)).toEqual({ kind: 'trimmed', firstSeq: 2 });
    expect(await s.host.trim(1, 10, 5)).toEqual({ kind: 'trimmed', firstSeq: 5 });
    expect(await s.host.describe(1)).toMatchObject({ firstSeq: 5, lastSeq: 4, bytes: 0 });
    expect(await s.host.ingest(1, 10, records)).toEqual({ kind: 'ingested', lastSeq: 6 });
    expect(await digestHeld(s, 1, 10, 1, 6)).toEqual(digestOf(records.slice(4)));
  });

  rule('ready demands exactly the content of the source', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3]);
    const exact = expectationOf(records);
    const refused = (because: string) => ({ kind: 'refused', because });
    await s.host.ingest(1, 10, records.slice(0, 2));
    expect(await s.host.ready(1, 10, exact)).toEqual(refused('lastSeq'));
    await s.host.ingest(1, 10, recordsOf([1, 2, 9]));
    expect(await s.host.ready(1, 10, exact)).toEqual(refused('digest'));
    await s.host.truncate(1, 10, 2);
    await s.host.ingest(1, 10, records);
    expect(await s.host.ready(1, 10, { ...exact, finalSeq: 2 })).toEqual(refused('lastSeq'));
    expect(await s.host.ready(1, 10, { ...exact, idSets: ['9.1.1'] })).toEqual(refused('idSets'));
    expect(await s.host.ready(1, 9, exact)).toEqual(stale(10, 'shadow'));
    await s.host.trim(1, 10, 2);
    expect(await s.host.ready(1, 10, exact)).toEqual(refused('firstSeq'));
    expect(await s.host.describe(1)).toMatchObject({ mode: 'shadow' });
    expect(await s.host.ready(1, 10, expectationOf(records.slice(1)))).toEqual({ kind: 'ready' });
    expect(await s.host.ready(1, 10, exact)).toEqual({ kind: 'ready' });
  });

  rule('a copy that was summed, cut and filled anew is declared ready for what it holds then', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3, 4]);
    const other = records.with(2, { ...records[2]!, frame: sampleFrame(9) });
    await s.host.ingest(1, 10, other.slice(0, 3));
    await digestHeld(s, 1, 10, 1, 2);
    await digestHeld(s, 1, 10, 3, 3);
    expect(await s.host.ready(1, 10, expectationOf(records.slice(0, 3)))).toMatchObject({
      because: 'digest',
    });
    await s.host.truncate(1, 10, 2);
    await s.host.ingest(1, 10, records.slice(2));
    expect(await s.host.ready(1, 10, expectationOf(other.slice(0, 4)))).toMatchObject({ because: 'digest' });
    await digestHeld(s, 1, 10, 1, 1);
    await digestHeld(s, 1, 10, 3, 4);
    await s.host.trim(1, 10, 2);
    expect(await s.host.ready(1, 10, expectationOf(records.slice(1)))).toEqual({ kind: 'ready' });
  });

  rule('ready trims the copy to the first seq of the source', async (s) => {
    await s.createShadow(1, 10);
    const records = recordsOf([1, 2, 3, 4]);
    await s.host.ingest(1, 10, records);
    expect(await s.host.ready(1, 10, expectationOf(records.slice(2)))).toEqual({ kind: 'ready' });
    expect(await s.host.describe(1)).toMatchObject({ mode: 'ready', firstSeq: 3, lastSeq: 4 });
    expect(await s.records(1, 3)).toEqual(records.slice(2));
    await s.createShadow(2, 10);
    const beyond = { ...expectationOf([]), firstSeq: 2 };
    expect(await s.host.ready(2, 10, beyond)).toEqual({ kind: 'refused', because: 'firstSeq' });
  });

  rule('ready takes over the last timestamp of the source, so the copy goes on above it', async (s) => {
    const records = recordsOf([1]);
    await s.createShadow(1, 10);
    await s.host.ingest(1, 10, records);
    const last = T0 + SECOND / 2;
    await s.host.ready(1, 10, { ...expectationOf(records), last });
    expect(await s.host.describe(1)).toMatchObject({ last });
    await s.host.open(1, 10);
    expect((await s.append(1, 10, [2])).firstTs).toBe(last + 1);
    await s.later(5 * SECOND);
    await s.host.frontier(s.now, 0);
    await s.copyOf(2, 11, records, false);
    expect(await s.host.describe(2)).toMatchObject({ last: s.now - 2_000 });
  });

  rule('a moved shardlet goes on where it was, with its duplicates', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2, 3]);
    await s.seal(1, 10);
    const records = await s.records(1);
    await s.host.drop(1, 10);
    await s.copyOf(1, 12, records);
    expect(await s.append(1, 12, [2, 4])).toMatchObject({
      firstSeq: 4,
      stored: 1,
      duplicates: [{ index: 0, shardlet: 1, seq: 2 }],
    });
    expect((await s.host.describe(1)) as { range: unknown }).toMatchObject({ range: SPEC.range });
  });
}
