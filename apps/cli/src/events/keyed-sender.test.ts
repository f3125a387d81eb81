import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EventResult, Unavailable } from './edge-client.ts';
import { type EventPost, KeyedSender, type Outgoing } from './keyed-sender.ts';

/** Answers late and unevenly, breaks connections before or after storing, and refuses for a while. */
class MoodyEdge implements EventPost {
  readonly stored: string[] = [];
  inFlight = 0;
  inFlightMax = 0;
  private readonly known = new Set<string>();
  private readonly moods: Iterator<number>;

  constructor(moods: readonly number[]) {
    this.moods = moods[Symbol.iterator]();
  }

  async post(_stream: string, lines: readonly string[]): Promise<EventResult[]> {
    const mood = this.moods.next().value ?? 0;
    this.inFlightMax = Math.max(this.inFlightMax, ++this.inFlight);
    await new Promise((resolve) => setTimeout(resolve, mood % 5));
    this.inFlight--;
    if (mood === 11) throw new Unavailable('broken before');
    if (mood === 12)
      return lines.map((id) => ({
        id,
        status: 'error',
        error: { code: 'overloaded', status: 503, detail: 'later' },
      }));
    const results = lines.map((line) => this.store(line));
    if (mood === 13) throw new Unavailable('broken after');
    return results;
  }

  private store(line: string): EventResult {
    if (line.endsWith('bad'))
      return { id: line, status: 'error', error: { code: 'invalid_event', status: 400, detail: 'bad' } };
    if (this.known.has(line)) return { id: line, status: 'duplicate' };
    this.known.add(line);
    this.stored.push(line);
    return { id: line, status: 'stored' };
  }
}

function itemsOf(keys: readonly number[]): Outgoing[] {
  return keys.map((key, place) => ({ key: `k${key}`, body: `k${key} ${place}`, place }));
}

async function sendAll(edge: EventPost, items: readonly Outgoing[], patienceMs = 60_000) {
  const settled: number[] = [];
  const onSettled = (item: Outgoing): void => {
    settled.push(item.place);
  };
  const sender = new KeyedSender(edge, { stream: 'main', lanes: 4, onSettled, patienceMs });
  for (const item of items) {
    sender.push(item);
    if (sender.isFull) await sender.room();
    if (item.place % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await sender.drained();
  return settled;
}

describe('sending', () => {
  it('settles every event once and keeps the order of each key, whatever the edge does', async () => {
    const moods = fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 80 }), moods, async (keys, mood) => {
        const edge = new MoodyEdge(mood);
        const items = itemsOf(keys);
        const settled = await sendAll(edge, items);
        expect(settled.sort((a, b) => a - b)).toEqual(items.map((item) => item.place));
        for (const key of new Set(keys)) {
          const ofKey = (bodies: readonly string[]) => bodies.filter((b) => b.startsWith(`k${key} `));
          expect(ofKey(edge.stored)).toEqual(ofKey(items.map((item) => item.body)));
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('uses its lanes at the same time', async () => {
    const edge = new MoodyEdge([4, 4, 4, 4]);
    await sendAll(edge, itemsOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(edge.inFlightMax).toBeGreaterThan(1);
  });

  it('gives up when nothing can be stored for a while, with the reason', async () => {
    const edge = { post: async () => Promise.reject(new Unavailable('no edge listens there')) };
    await expect(sendAll(edge, itemsOf([1]), 150)).rejects.toThrow(/no edge listens there/);
  });

  it('does not repeat what was refused for good', async () => {
    const results: EventResult[] = [];
    const sender = new KeyedSender(new MoodyEdge([]), {
      stream: 'main',
      lanes: 1,
      onSettled: (_, result) => results.push(result),
    });
    sender.push({ key: 'a', body: 'bad', place: 1 });
    await sender.drained();
    expect(results.map((r) => r.error?.code)).toEqual(['invalid_event']);
  });
});
