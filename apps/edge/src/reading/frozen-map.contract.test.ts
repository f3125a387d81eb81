/**
 * An edge whose map stands still while shardlets split, roll and merge: what it reads is a correct beginning of
 * the log, what it acknowledges is in the log, and with its map it goes on where it was.
 */
import { slices } from '@foreshard/core/keyspace';
import { expect, it } from 'vitest';
import { EdgeFixture, TOKEN } from './edge.fixture.ts';

interface Placed {
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  readonly event: { readonly id: string };
}

const KEYS = 40;

function eventsFrom(prefix: string, count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ specversion: '1.0', id: `${prefix}-${i}`, source: '/frozen', type: 'read' },
    subject: `key-${i % KEYS}`,
  }));
}

async function request(url: string, path: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) };
  return (await fetch(`${url}${path}`, { ...init, headers })).json();
}

/** Page after page from a cursor on, until one is empty. */
async function readOn(url: string, from: string, into: Placed[]): Promise<string> {
  for (let next = from; ; ) {
    const page = await request(url, `/v1/log?limit=50&from=${next}`);
    into.push(...page.events);
    if (page.events.length === 0) return page.next;
    next = page.next;
  }
}

/** The ids that it says are stored. */
async function postThrough(url: string, events: readonly object[]): Promise<string[]> {
  const body = events.map((event) => JSON.stringify(event)).join('\n');
  const headers = { 'content-type': 'application/x-ndjson' };
  const { results } = await request(url, '/v1/events', { method: 'POST', body, headers });
  return results.filter((r: { status: string }) => r.status === 'stored').map((r: { id: string }) => r.id);
}

it('a frozen map gives a correct beginning of the log and stores what it says it stored', async () => {
  const edge = await EdgeFixture.start(2);
  await edge.createStream({ name: 'main', shardCount: 4 });
  const frozen = await edge.startFrozen();
  try {
    const stored: string[] = [];
    const seen: Placed[] = [];
    let next = 'oldest';
    let refused = 0;
    for (let round = 0; round < 3; round++) {
      stored.push(...(await postThrough(edge.url, eventsFrom(`live-${round}`, 80))));
      next = await readOn(frozen.url, next, seen);
      const [rolled, halved] = edge.leaves('main').filter((leaf) => leaf.owner === 1);
      await edge.restructure([rolled!], [rolled!.range]);
      const halves = await edge.restructure([halved!], slices(halved!.range, 2));
      await edge.restructure(halves, [halved!.range]);
      const through = await postThrough(frozen.url, eventsFrom(`frozen-${round}`, KEYS));
      refused += KEYS - through.length;
      stored.push(...through);
      next = await readOn(frozen.url, next, seen);
    }
    // some shardlets have ended for it, the others take its events
    expect([refused > 0, refused < 3 * KEYS]).toEqual([true, true]);
    await edge.caughtUp();
    const all: Placed[] = [];
    for (let from = 'oldest'; all.length < stored.length; ) from = await readOn(edge.url, from, all);
    // the first restructure stops its watermark: what was before is read, what came later waits for the map
    expect(seen.length).toBeGreaterThanOrEqual(80);
    expect(seen.length).toBeLessThan(all.length);
    expect(seen).toEqual(all.slice(0, seen.length));

    frozen.thaw();
    await expect
      .poll(
        async () => {
          next = await readOn(frozen.url, next, seen);
          return seen.length;
        },
        { timeout: 10_000 },
      )
      .toBe(all.length);
    expect(seen).toEqual(all);
    expect(all.map(({ event }) => event.id).sort()).toEqual(stored.sort());
  } finally {
    await frozen.stop();
    await edge.stop();
  }
});
