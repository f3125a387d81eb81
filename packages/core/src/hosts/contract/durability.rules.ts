/** Memory that runs out, and what survives the end of a connection or of the engine. */
import { expect } from 'vitest';
import type { HostFixture } from './fixture.ts';
import type { Rule } from './rule.ts';
import { sampleFrame } from './sample-events.ts';
import { expectationOf, recordsOf, SECOND, SPEC } from './scene.ts';

const FULL = { kind: 'full' };

export function fullnessRules(rule: Rule): void {
  rule('a full host refuses what needs memory, and still lets itself be drained', async (s) => {
    const memory = s.fixture.memoryLimit!;
    const records = recordsOf([5, 6]);
    const set = { name: '9.1.1', origin: 9, count: 0, timeLeftMicros: SECOND };
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.createOpen(2, 10);
    await s.createShadow(3, 10);
    await s.host.ingest(3, 10, records);
    await s.createShadow(6, 10);
    await s.host.ingest(6, 10, records);
    await memory.makeFull();
    expect(await s.tryAppend(1, 10, [sampleFrame(3)])).toEqual(FULL);
    expect(await s.host.append([s.group(1, 10, []), s.group(7, 1, [])])).toEqual([FULL, FULL]);
    expect(await s.host.createShadow(4, 10, SPEC)).toEqual(FULL);
    expect(await s.host.ingest(3, 10, records)).toEqual(FULL);
    expect(await s.host.ingestIds(3, 10, set, [], true)).toEqual(FULL);

    expect(await s.records(1)).toHaveLength(2);
    for (const shardlet of [1, 6])
      expect(await s.host.digest(shardlet, 10, 1, 2)).toMatchObject({ digest: { count: 2 } });
    expect(await s.host.truncate(6, 10, 1)).toEqual({ kind: 'done', lastSeq: 1 });
    expect(await s.host.ready(3, 10, expectationOf(records))).toEqual({ kind: 'ready' });
    expect(await s.host.open(3, 10)).toMatchObject({ kind: 'done' });
    expect(await s.host.seal(1, 10)).toEqual({ kind: 'done', lastSeq: 2 });
    await s.createOpen(5, 11, [[1, 10]]);
    expect(await s.host.raise(2, 12)).toMatchObject({ kind: 'done' });
    expect(await s.host.trim(3, 10, 1)).toMatchObject({ kind: 'trimmed' });
    expect(await s.host.drop(3, 10)).toEqual({ kind: 'dropped' });
    await s.host.createFloor(5);
    expect((await s.host.frontier(s.now, 0)).changed).toHaveLength(5);

    await memory.makeRoom();
    expect(await s.append(5, 11, [1, 3])).toMatchObject({ stored: 1, duplicates: [{ shardlet: 1, seq: 1 }] });
  });

  rule('usage tells the limit', async (s) => {
    await s.fixture.memoryLimit!.makeFull();
    const { usedBytes, limitBytes } = await s.host.usage();
    expect(usedBytes).toBeGreaterThanOrEqual(limitBytes!);
  });
}

export function durabilityRules(rule: Rule): void {
  rule('everything answered is there after the store was closed and opened again', async (s) => {
    await s.host.adopt(7);
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.createOpen(2, 10);
    await s.append(2, 10, [3]);
    await s.seal(2, 10);
    await s.createOpen(3, 11, [[2, 10]]);
    await s.host.drop(9, 12);
    await s.host.createFloor(5);
    await s.later(5 * SECOND);
    const promised = (await s.host.frontier(s.now, 0)).hostLast;
    const before = [await s.host.list(0, 10), await s.host.describe(3), await s.records(1)];

    s.host = await (s.fixture.reopen as NonNullable<HostFixture['reopen']>)();
    await s.at(s.now);
    expect([await s.host.list(0, 10), await s.host.describe(3), await s.records(1)]).toEqual(before);
    expect((await s.host.identify()).hostId).toBe(7);
    expect((await s.host.frontier(0, 0)).hostLast).toBe(promised);
    expect(await s.host.createShadow(4, 4, SPEC)).toEqual({ kind: 'belowFloor', createFloor: 5 });
    const reply = await s.append(1, 10, [4, 1], { edgeTs: s.now - SECOND });
    expect(reply).toMatchObject({ stored: 1, firstSeq: 3, firstTs: promised + 1 });
    expect(await s.append(3, 11, [3])).toMatchObject({ duplicates: [{ shardlet: 2, seq: 1 }] });
  });
}
