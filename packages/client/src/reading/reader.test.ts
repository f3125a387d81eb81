import { describe, expect, it } from 'vitest';
import { Edges, type Fetch } from '../edge/edges.ts';
import type { ReadItem } from './items.ts';
import type { Page } from './pages.ts';
import { Reader } from './reader.ts';

const event = (seq: number) => ({
  ...{ stream: 'main', shard: 0, shardlet: 13, seq, ts: seq },
  event: { specversion: '1.0' as const, id: `${seq}`, source: '/s', type: 't' },
});
const page = (next: string, more: Partial<Page> = {}): Page => ({ events: [], next, atHead: true, ...more });

/** Answers in turn; a text is a stream of events, which ends with it. */
function reader(answers: (Page | string | Error | { status: number; body: object })[]) {
  const asked: URL[] = [];
  const fetch: Fetch = async (url) => {
    asked.push(new URL(url));
    const answer = answers.shift() ?? new Error('nothing is left');
    if (answer instanceof Error) throw answer;
    if (typeof answer === 'string')
      return new Response(answer, { headers: { 'content-type': 'text/event-stream' } });
    if ('status' in answer) return new Response(JSON.stringify(answer.body), { status: answer.status });
    return new Response(JSON.stringify(answer));
  };
  const edges = new Edges({ url: 'http://127.0.0.1:1', token: 't', fetch });
  const froms = () => asked.map(({ searchParams }) => searchParams.get('from'));
  return { reader: new Reader(edges), asked, froms };
}

async function all(items: AsyncIterable<ReadItem>, count = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const item of items) {
    seen.push(item.kind === 'event' ? item.seq : item.kind === 'position' ? item.cursor : item);
    if (seen.length >= count) break;
  }
  return seen;
}

describe('reading to the head', () => {
  it('gives events, and what the reader has to know, in order', async () => {
    const { reader: reads, froms } = reader([
      page('a', { events: [event(1)], atHead: false, waitingFor: [{ host: 3, name: 'h3' }] }),
      page('b', { lost: [{ stream: 'main', shardlet: 13, seq: 0 }], events: [event(1)], atHead: false }),
      page('c', { trimmed: [{ shardlet: 14, firstSeq: 5 }], skipped: [{ host: 4, sinceTs: 1 }] }),
    ]);
    expect(await all(reads.read({ from: 'oldest' }))).toEqual([
      ...[1, { kind: 'waitingFor', hosts: [{ host: 3, name: 'h3' }] }, 'a'],
      ...[{ kind: 'lost', stream: 'main', shardlet: 13, seq: 0 }, 1, { kind: 'waitingFor', hosts: [] }, 'b'],
      ...[
        { kind: 'trimmed', shardlet: 14, firstSeq: 5 },
        { kind: 'skipped', hosts: [{ host: 4, sinceTs: 1 }] },
        'c',
      ],
    ]);
    expect(froms()).toEqual(['oldest', 'a', 'b']);
  });

  it('asks again after a failure that passes, from the same place', async () => {
    const { reader: reads, froms } = reader([
      page('a', { atHead: false, events: [event(1)] }),
      new TypeError('fetch failed'),
      { status: 503, body: { code: 'overloaded', detail: 'later' } },
      page('b'),
    ]);
    expect(await all(reads.read())).toEqual([1, 'a', 'b']);
    expect(froms()).toEqual([null, 'a', 'a', 'a']);
  });

  it('ends with the error of an edge that refuses', async () => {
    const { reader: reads } = reader([{ status: 400, body: { code: 'invalid_cursor', detail: 'no' } }]);
    await expect(all(reads.read({ from: 'x' }))).rejects.toMatchObject({
      code: 'invalid_cursor',
      status: 400,
    });
  });

  it('ends when nothing can be read for so long', async () => {
    const { reader: reads } = reader([]);
    await expect(all(reads.read({ patienceMs: 300 }))).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('names the stream, the key and hosts to go on without', async () => {
    const { reader: reads, asked } = reader([page('a')]);
    await all(reads.read({ stream: 'orders', key: 'a/b c', skip: [3, 5] }));
    expect(asked[0]!.pathname).toBe('/v1/streams/orders/keys/a%2Fb%20c/events');
    expect(asked[0]!.searchParams.get('skip')).toBe('3,5');
  });
});

describe('pages', () => {
  it('end after so many events, and ask for no more than are left', async () => {
    const { reader: reads, asked } = reader([
      page('a', { events: [event(1), event(2)] }),
      page('b', { events: [event(3)] }),
    ]);
    const cursors: string[] = [];
    for await (const { next } of reads.pages({ limit: 2, eventsMax: 3 })) cursors.push(next);
    expect([cursors, asked.map(({ searchParams }) => searchParams.get('limit'))]).toEqual([
      ...[
        ['a', 'b'],
        ['2', '1'],
      ],
    ]);
  });

  it('find "now" without waiting, so that a failure does not move it', async () => {
    const { reader: reads, asked } = reader([page('a'), page('b', { events: [event(1)] })]);
    for await (const { events } of reads.pages({ from: 'now', waitMs: 5_000 })) if (events.length > 0) break;
    expect(asked.map(({ searchParams }) => searchParams.get('wait'))).toEqual(['0', '5000']);
  });
});

describe('following', () => {
  const sent = (seq: number) => `id: c${seq}\ndata: ${JSON.stringify(event(seq))}\n\n`;

  it('goes on behind the last event when the connection ends or breaks, and gives each once', async () => {
    const { reader: reads, froms } = reader([
      `retry: 1000\n\n${sent(1)}${sent(2)}id: c3\ndata: {"str`,
      new TypeError('fetch failed'),
      `: heartbeat\n\n${sent(3)}`,
    ]);
    expect(await all(reads.follow({ from: 'oldest' }), 3)).toEqual([1, 2, 3]);
    expect(froms()).toEqual(['oldest', 'c2', 'c2']);
  });

  it('tells of losses, of hosts it waits for and of what was trimmed', async () => {
    const position = {
      next: 'p',
      atHead: false,
      waitingFor: [{ host: 3 }],
      trimmed: [{ shardlet: 9, firstSeq: 2 }],
    };
    const { reader: reads } = reader([
      `event: lost\ndata: {"lost":[{"stream":"main","shardlet":13,"seq":40}]}\n\n${sent(41)}event: position\nid: p\ndata: ${JSON.stringify(position)}\n\n`,
    ]);
    expect(await all(reads.follow(), 5)).toEqual([
      { kind: 'lost', stream: 'main', shardlet: 13, seq: 40 },
      ...[
        41,
        { kind: 'trimmed', shardlet: 9, firstSeq: 2 },
        { kind: 'waitingFor', hosts: [{ host: 3 }] },
        'p',
      ],
    ]);
  });

  it('begins at the same "now" after a failure', async () => {
    const { reader: reads, froms } = reader([page('n'), new TypeError('fetch failed'), sent(1)]);
    expect(await all(reads.follow({ from: 'now' }), 1)).toEqual([1]);
    expect(froms()).toEqual(['now', 'n', 'n']);
  });

  it('ends when its signal is aborted, also while it waits for an edge', async () => {
    const asked = new AbortController();
    const { reader: reads } = reader([sent(1)]);
    setTimeout(() => asked.abort(), 50);
    expect(await all(reads.follow({ signal: asked.signal }))).toEqual([1]);
  });

  it('ends with the error of an edge that refuses', async () => {
    const { reader: reads } = reader([{ status: 403, body: { code: 'forbidden', detail: 'no' } }]);
    await expect(all(reads.follow())).rejects.toMatchObject({ code: 'forbidden' });
  });
});
