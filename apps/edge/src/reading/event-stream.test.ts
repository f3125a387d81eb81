import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_HEADER_BYTES } from '@foreshard/core/hosts';
import { describe, expect, it } from 'vitest';
import { eventStream, type FollowedPage } from './event-stream.ts';

const frame = (json: string) => {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  return Buffer.concat([header, Buffer.from(json)]);
};

function page(n: number): FollowedPage {
  return {
    stream: 'main',
    records: [{ shard: 0, shardlet: 1, seq: n, ts: n, frame: frame(`{"n":${n}}`) }],
    late: 0,
    idAfter: ({ seq }) => `c${seq}`,
    next: `c${n}`,
    atHead: true,
    remarks: {},
  };
}

function following(read: (n: number) => Promise<FollowedPage>, closing = new AbortController()) {
  let reads = 0;
  let ended = 0;
  return {
    closing,
    reads: () => reads,
    ended: () => ended,
    parts: {
      read: () => read(++reads),
      from: undefined,
      closing: closing.signal,
      mayGoOn: () => true,
      onEnd: () => {
        ended++;
      },
    },
  };
}

describe('eventStream', () => {
  it('writes events with their cursors, and the position once', async () => {
    const { parts } = following(async (n) => page(n));
    const reader = (await eventStream(parts)).body!.getReader();
    const text = async () => Buffer.from((await reader.read()).value!).toString();
    expect(await text()).toMatch(
      /^retry: \d+\n\nid: c1\ndata: \{"stream":"main","shard":0,"shardlet":1,"seq":1,"ts":1,"event":\{"n":1\}\}\n\nevent: position\nid: c1\ndata: \{"next":"c1","atHead":true\}\n\n$/,
    );
    expect(await text()).toMatch(/^id: c2\ndata: .*"seq":2.*\n\n$/);
  });

  it('sends a comment when nothing came', async () => {
    const { parts } = following(async (n) => (n < 2 ? page(n) : { ...page(n), records: [] }));
    const reader = (await eventStream(parts)).body!.getReader();
    await reader.read();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe(': heartbeat\n\n');
  });

  it('notifies of a loss once, however often a page tells it that brings nothing else', async () => {
    const lost = [{ stream: 'main', shardlet: 1, seq: 4 }];
    const empty = { ...page(1), records: [], remarks: { lost } };
    const pages = [page(1), empty, empty, { ...page(2), remarks: {} }, empty];
    const { parts } = following(async (n) => pages[n - 1]!);
    const reader = (await eventStream(parts)).body!.getReader();
    const text = async () => Buffer.from((await reader.read()).value!).toString();
    await text();
    expect(await text()).toMatch(/^event: lost\ndata: .*"seq":4.*\n\nevent: position\n/);
    expect(await text()).toBe(': heartbeat\n\n');
    expect(await text()).toMatch(/^id: c2/);
    expect(await text()).toMatch(/^event: lost/);
  });

  it('reads no further than its client takes', async () => {
    const { parts, reads } = following(async (n) => page(n));
    const reader = (await eventStream(parts)).body!.getReader();
    await reader.read();
    await sleep(20);
    expect(reads()).toBe(1);
    await reader.read();
    expect(reads()).toBe(2);
  });

  it('ends after the page under way when the edge closes, and when its client leaves', async () => {
    const closed = following(async (n) => page(n));
    const reader = (await eventStream(closed.parts)).body!.getReader();
    await reader.read();
    closed.closing.abort();
    expect((await reader.read()).done).toBe(true);
    expect(closed.ended()).toBe(1);
    const left = following(async (n) => page(n));
    await (await eventStream(left.parts)).body!.cancel();
    expect(left.ended()).toBe(1);
  });

  it('throws what the first read throws, while a problem can still be answered', async () => {
    const { parts, ended } = following(async () => Promise.reject(new Error('no cursor')));
    await expect(eventStream(parts)).rejects.toThrow('no cursor');
    expect(ended()).toBe(1);
  });
});
