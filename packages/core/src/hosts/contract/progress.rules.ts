/** The proof that a host has not gone back: its count, its mark, its generation (hosts/progress.ts). */
import { expect } from 'vitest';
import type { EventHost } from '../event-host.ts';
import { FRONTIER_LAG_MICROS } from '../limits.ts';
import type { Progress } from '../progress.ts';
import { ProgressWatch } from '../progress-watch.ts';
import type { HostFixture } from './fixture.ts';
import type { Rule } from './rule.ts';
import { sampleFrame } from './sample-events.ts';
import { expectationOf, LEAD, recordsOf, type Scene, SECOND, SPEC, WINDOW } from './scene.ts';

type Act = (host: EventHost) => Promise<unknown>;

const SET = { name: '9.1.1', origin: 9, count: 1, timeLeftMicros: 50 * SECOND };
const IDS = [{ field: new Uint8Array(7).fill(3), seq: 4 }];

async function countOf(s: Scene): Promise<number> {
  return (await s.host.identify()).progress.count;
}

/** Every kind of call that changes something, each as it changes something here and now. */
function changes(s: Scene): [string, Act][] {
  const group = () => s.group(1, 10, [sampleFrame(1), sampleFrame(2)]);
  const records = recordsOf([5, 6, 7]);
  const copied = { ...expectationOf(records.slice(0, 2)), idSets: ['9.1.1'] };
  return [
    ['adopt', (h) => h.adopt(7)],
    ['createOpen', (h) => h.createOpen(1, 10, SPEC, [])],
    ['append', (h) => h.append([group()])],
    [
      'append with another policy',
      (h) => h.append([{ ...group(), dedup: { ...SPEC.dedup, leadMicros: 1 } }]),
    ],
    ['createShadow', (h) => h.createShadow(2, 10, SPEC)],
    ['ingest', (h) => h.ingest(2, 10, records)],
    ['ingestIds of a new set', (h) => h.ingestIds(2, 10, SET, [], false)],
    ['ingestIds of more ids', (h) => h.ingestIds(2, 10, SET, IDS, false)],
    ['ingestIds of the end', (h) => h.ingestIds(2, 10, SET, IDS, true)],
    ['truncate', (h) => h.truncate(2, 10, 2)],
    ['ready', (h) => h.ready(2, 10, copied)],
    ['open', (h) => h.open(2, 10)],
    ['seal', (h) => h.seal(2, 10)],
    ['createOpen of a child', (h) => h.createOpen(3, 11, SPEC, [{ shardlet: 2, epoch: 10 }])],
    ['raise', (h) => h.raise(2, 12)],
    ['frontier', (h) => h.frontier(s.now, 0)],
    ['mark', (h) => h.mark('', '1.a', s.now, 0)],
    ['admit', (h) => h.admit(5, s.now - SECOND)],
    ['drop', (h) => h.drop(3, 11)],
    ['drop of what is not there', (h) => h.drop(4, 13)],
    ['createFloor', (h) => h.createFloor(3)],
    ['createFloor that removes a tombstone', (h) => h.createFloor(12)],
  ];
}

/** Every call that changes nothing: it only looks, or there is nothing to change. */
function looks(s: Scene): [string, Act][] {
  const stale = s.group(1, 9, [sampleFrame(3)]);
  return [
    ['describe', (h) => h.describe(1)],
    ['list', (h) => h.list(0, 10)],
    ['read', (h) => h.read(1, 1, 0, { maxRecords: 10, maxBytes: 1_000 })],
    ['a stale read', (h) => h.read(8, 1, 0, { maxRecords: 10, maxBytes: 1_000 })],
    ['seek', (h) => h.seek(1, 0)],
    ['readIds', (h) => h.readIds(1, 'none', 0)],
    ['digest', (h) => h.digest(1, 10, 1, 2)],
    ['forgetIds', (h) => h.forgetIds(10)],
    ['a stale append', (h) => h.append([stale])],
    ['an append that is ahead', (h) => h.append([{ ...s.group(1, 10, []), tokenTs: s.now + 2 * SECOND }])],
    ['a stale seal', (h) => h.seal(1, 9)],
    ['a stale raise', (h) => h.raise(1, 10)],
    ['a refused ready', (h) => h.ready(1, 10, expectationOf([]))],
    ['trim of nothing', (h) => h.trim(1, 10, 1)],
    ['frontier below the promise', (h) => h.frontier(0, 0)],
    ['news', (h) => h.news(0)],
    ['mark of a host with another', (h) => h.mark('9.x', '10.y', s.now, 0)],
    ['admit behind the promise', (h) => h.admit(6, s.now + 1)],
    ['adopt of another', (h) => h.adopt(8)],
    ['create below the floor', (h) => h.createShadow(4, 2, SPEC)],
  ];
}

export function progressRules(rule: Rule): void {
  rule('a call that changes something counts, its repeat does not', async (s) => {
    expect((await s.host.identify()).progress).toEqual({ generation: 0, count: 0 });
    for (const [name, act] of changes(s)) {
      const before = await countOf(s);
      const first = await act(s.host);
      const after = await countOf(s);
      expect(after, name).toBeGreaterThan(before);
      const again = await act(s.host);
      expect(await countOf(s), `${name}, again`).toBe(after);
      if (name !== 'append' && name !== 'mark') expect(again, name).toMatchObject(first as object);
    }
  });

  rule('a call that changes nothing does not count', async (s) => {
    for (const [, act] of changes(s)) await act(s.host);
    const before = await countOf(s);
    for (const [name, act] of looks(s)) {
      await act(s.host);
      expect(await countOf(s), name).toBe(before);
    }
  });

  rule('trimming and the rotation of an id set count', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    await s.later(WINDOW + LEAD + 1);
    const before = await countOf(s);
    await s.append(1, 10, [1]); // a duplicate: nothing is stored
    const rotated = await countOf(s);
    expect(rotated).toBeGreaterThan(before);
    await s.host.trim(1, 10, 2);
    const trimmed = await countOf(s);
    expect(trimmed).toBeGreaterThan(rotated);
    await s.host.trim(1, 10, 2);
    expect(await countOf(s)).toBe(trimmed);
  });

  rule('an id set that begins anew, and one that another shadow refers to, count', async (s) => {
    await s.createShadow(2, 10);
    await s.createShadow(3, 10);
    await s.host.ingestIds(2, 10, SET, IDS, true);
    const before = await countOf(s);
    await s.host.ingestIds(3, 10, SET, IDS, true);
    const referred = await countOf(s);
    expect(referred).toBeGreaterThan(before);
    await s.later(SET.timeLeftMicros);
    await s.host.ingestIds(3, 10, SET, [], false);
    expect(await countOf(s)).toBeGreaterThan(referred);
  });

  rule('a floor that only removes what was dropped below it counts', async (s) => {
    await s.createOpen(1, 10);
    await s.host.createFloor(20);
    await s.host.drop(1, 10);
    const before = await countOf(s);
    await s.host.createFloor(20);
    const removed = await countOf(s);
    expect(removed).toBeGreaterThan(before);
    await s.host.createFloor(20);
    expect(await countOf(s)).toBe(removed);
  });

  rule('a mark follows the one before, with the promise of that moment', async (s) => {
    await s.createOpen(1, 10);
    await s.append(1, 10, [1, 2]);
    expect(await s.host.identify()).toMatchObject({ mark: '', markPromise: 0 });
    const lag = FRONTIER_LAG_MICROS;
    const first = await s.host.mark('', '1.a', s.now, 0);
    expect(first).toMatchObject({
      kind: 'marked',
      hostLast: s.now - lag,
      changed: [{ shardlet: 1, epoch: 10, mode: 'open', firstSeq: 1, lastSeq: 2 }],
    });
    expect(await s.host.identify()).toMatchObject({
      mark: '1.a',
      markPromise: s.now - lag,
      progress: (first as { progress: Progress }).progress,
    });
    const promise = s.now - lag;
    await s.later(SECOND);
    expect(await s.host.mark('1.a', '2.b', promise + 7, 0)).toMatchObject({ hostLast: promise + 7 });
    expect(await s.host.identify()).toMatchObject({ mark: '2.b', markPromise: promise + 7 });
    const reply = await s.append(1, 10, [3], { edgeTs: 0 });
    expect(reply.firstTs).toBeGreaterThan(promise + 7);
  });

  rule('a mark sent again is answered like the first time', async (s) => {
    await s.createOpen(1, 10);
    const first = await s.host.mark('', '1.a', s.now, 0);
    const { markPromise } = await s.host.identify();
    await s.later(SECOND);
    await s.append(1, 10, [1]);
    await s.host.frontier(s.now, 0);
    const again = await s.host.mark('', '1.a', s.now, 0);
    expect(again).toMatchObject({ kind: 'marked', hostLast: markPromise, changed: [{ lastSeq: 1 }] });
    expect((again as { progress: Progress }).progress.count).toBeGreaterThan(
      (first as { progress: Progress }).progress.count,
    );
    expect(await s.host.identify()).toMatchObject({ mark: '1.a', markPromise });
  });

  rule('a mark that does not follow changes nothing and is told the other one', async (s) => {
    await s.host.mark('', '1.a', s.now - 7 * SECOND, 0);
    const before = await s.host.identify();
    await s.later(SECOND);
    for (const expected of ['', '1.b', '2.c'])
      expect(await s.host.mark(expected, '2.x', s.now, 0)).toEqual({ kind: 'otherMark', mark: '1.a' });
    expect(await s.host.identify()).toEqual({ ...before, clockMicros: s.now });
    expect((await s.host.frontier(0, 0)).hostLast).toBe(before.markPromise);
  });

  rule('a frontier does not move the promise of the mark', async (s) => {
    await s.host.mark('', '1.a', s.now - 7 * SECOND, 0);
    const { hostLast } = await s.host.frontier(s.now, 0);
    const { markPromise } = await s.host.identify();
    expect(markPromise).toBe(s.now - 7 * SECOND);
    expect(hostLast).toBeGreaterThan(markPromise);
  });

  rule('a host is admitted to a later generation, with a promise', async (s) => {
    await s.createOpen(1, 10);
    const { progress } = await s.host.identify();
    expect(await s.host.admit(6, s.now)).toEqual({ kind: 'admitted' });
    const now = (await s.host.identify()).progress;
    expect(now.generation).toBe(6);
    expect(now.count).toBeGreaterThan(progress.count);
    expect((await s.host.frontier(0, 0)).hostLast).toBe(s.now);
    expect((await s.append(1, 10, [1], { edgeTs: 0 })).firstTs).toBe(s.now + 1);
  });

  rule('a promise that is below the one given leaves it', async (s) => {
    const { hostLast } = await s.host.frontier(s.now, 0);
    expect(await s.host.admit(6, 5)).toEqual({ kind: 'admitted' });
    expect((await s.host.frontier(0, 0)).hostLast).toBe(hostLast);
  });

  rule('a generation that is not later changes nothing', async (s) => {
    await s.host.admit(6, 1);
    const before = await s.host.identify();
    for (const generation of [6, 5]) {
      expect(await s.host.admit(generation, s.now)).toEqual({ kind: 'admitted' });
      expect(await s.host.identify()).toEqual(before);
      expect(await s.host.admit(generation, s.now + SECOND)).toEqual({ kind: 'admitted' });
    }
    expect((await s.host.frontier(0, 0)).hostLast).toBe(1);
  });

  rule('a host whose clock is behind the promise is not admitted yet', async (s) => {
    expect(await s.host.admit(6, s.now + SECOND)).toEqual({ kind: 'behind', byMicros: SECOND });
    expect((await s.host.identify()).progress).toEqual({ generation: 0, count: 0 });
    expect((await s.host.frontier(0, 0)).hostLast).toBe(0);
    await s.later(SECOND);
    expect(await s.host.admit(6, s.now)).toEqual({ kind: 'admitted' });
  });
}

/** Keeps what it was asked to judge. */
class Recorder extends ProgressWatch {
  readonly judged: [number, Progress, number][] = [];

  override judge(seenWhenSent: number, answered: Progress, own: number): void {
    this.judged.push([seenWhenSent, answered, own]);
    super.judge(seenWhenSent, answered, own);
  }
}

/** Rules about handles that judge, for stores with a connection in between. */
export function watchedRules(rule: Rule): void {
  const watched = (s: Scene, watch: ProgressWatch) =>
    (s.fixture.watched as NonNullable<HostFixture['watched']>)(watch);

  rule('every answer carries the progress, with what the call itself changed', async (s) => {
    const watch = new Recorder(0);
    const host = await watched(s, watch);
    // admit leaves the generation that the handle is for
    for (const [name, act] of [...changes(s).filter(([each]) => each !== 'admit'), ...looks(s)]) {
      const { seen } = watch;
      const before = await countOf(s);
      await act(host);
      const { progress } = await s.host.identify();
      expect(watch.judged, name).toEqual([[seen, progress, progress.count - before]]);
      watch.judged.length = 0;
    }
    await host.close();
  });

  rule('a host that answers less than it did is refused, until its watch lets it go on', async (s) => {
    const watch = new ProgressWatch(0, 1_000);
    const host = await watched(s, watch);
    const regressed = { name: 'HostUnreachable', reason: 'regressed' };
    await expect(host.createOpen(1, 10, SPEC, [])).rejects.toMatchObject(regressed);
    await expect(host.drop(1, 10)).rejects.toMatchObject(regressed);
    expect(await s.host.describe(1), 'nothing is sent any more').toMatchObject({ mode: 'open' });
    expect(watch.regression).toEqual({ seen: 1_000, answered: 0 });
    watch.dismiss();
    expect(await host.describe(1)).toMatchObject({ mode: 'open' });
    await host.close();
  });

  rule('the answer that admits a host is of the new generation', async (s) => {
    const host = await watched(s, new ProgressWatch(6));
    expect(await host.admit(6, 1)).toEqual({ kind: 'admitted' });
    expect(await host.list(0, 10)).toEqual([]);
    await host.close();
  });

  rule('an answer of another generation is refused, and nothing is sent any more', async (s) => {
    const watch = new ProgressWatch(0);
    const host = await watched(s, watch);
    await s.createOpen(1, 10);
    await s.host.admit(6, 1);
    const refused = { name: 'HostUnreachable', reason: 'incarnation' };
    await expect(host.list(0, 10)).rejects.toMatchObject(refused);
    await expect(host.drop(1, 10)).rejects.toMatchObject(refused);
    expect(await s.host.describe(1)).toMatchObject({ mode: 'open' });
    await host.close();
  });
}
