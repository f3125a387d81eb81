import { describe, expect, it } from 'vitest';
import { type ContentHeader, decoded, encoded } from './content.ts';
import { jsonText } from './json-text.ts';
import { ShardletState } from './shardlet-state.ts';
import { Slices, sorted } from './slices.ts';

const HEADER = { v: 1, kind: 'full', shardlet: 1, seq: 0, epoch: 1, handlerVersion: '1' } as const;

/** Not Math.random: a failure can be repeated. */
function randoms(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff;
    return x / 0x80000000;
  };
}

async function entriesOf({ bytes, digest }: Awaited<ReturnType<typeof encoded>>) {
  const entries: [string, string | undefined][] = [];
  let header: ContentHeader | undefined;
  await decoded(
    bytes,
    digest,
    (found) => {
      header = found;
    },
    (key, text) => entries.push([key, text]),
  );
  return { entries, header: header! };
}

describe('a snapshot', () => {
  it('is of one moment, while the state changes on; deltas on it add up to the state', async () => {
    const random = randoms(7);
    const state = new ShardletState();
    let restored = new Map<string, string>();
    const change = () => {
      const key = `k${Math.floor(random() * 300)}`;
      state.set(key, random() < 0.2 ? undefined : JSON.stringify(random()));
    };
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 200; i++) change();
      const kind = round % 4 === 0 ? 'full' : 'delta';
      const now = new Map(state.entries());
      const snapshot = state.take(kind);
      const encoding = encoded({ ...HEADER, kind }, snapshot);
      for (let i = 0; i < 300; i++) {
        change();
        if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      const { entries } = await entriesOf(await encoding);
      if (kind === 'full') restored = new Map();
      for (const [key, text] of entries)
        if (text === undefined) restored.delete(key);
        else restored.set(key, text);
      expect(new Map([...restored].sort()), `round ${round}`).toEqual(new Map([...now].sort()));
    }
  });

  it('that was not stored leaves its changes to the next one', async () => {
    const state = new ShardletState();
    state.set('a', '1');
    await encoded({ ...HEADER }, state.take('full'));
    state.set('a', '2');
    state.set('b', '1');
    const failed = state.take('delta');
    state.set('c', '1');
    failed.release();
    failed.failed();
    const { entries } = await entriesOf(await encoded({ ...HEADER, kind: 'delta' }, state.take('delta')));
    expect(entries.map(([key]) => key)).toEqual(['a', 'b', 'c']);
  });

  it('of equal states has equal bytes, whatever the order of their changes', async () => {
    const digests = [];
    for (const keys of [
      ['b', 'a', 'ä', '😀'],
      ['😀', 'x', 'ä', 'a', 'b'],
    ]) {
      const state = new ShardletState();
      for (const key of keys) state.set(key, `"${key}\\n"`);
      state.set('x', undefined);
      digests.push((await encoded(HEADER, state.take('full'))).digest);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it('counts what it takes', () => {
    const state = new ShardletState();
    state.set('ab', '123');
    state.set('ab', '12345');
    state.set('c', '1');
    state.set('c', undefined);
    expect([state.keys, state.chars]).toEqual([1, 7]);
  });
});

describe('content', () => {
  it('comes back with its header, through chunks that cut lines and letters', async () => {
    const state = new ShardletState();
    for (let i = 0; i < 400; i++) state.set(`😀"${i}\n`, jsonText('k', { text: 'ö'.repeat(i * 7), i }));
    const header = { ...HEADER, seq: 400 };
    const found = await entriesOf(await encoded(header, state.take('full')));
    expect(found.header).toEqual(header);
    expect(new Map(found.entries)).toEqual(new Map(state.entries()));
  });

  it('that was changed is refused', async () => {
    const state = new ShardletState();
    state.set('a', '1');
    const { bytes, digest } = await encoded(HEADER, state.take('full'));
    bytes[bytes.length - 1]! ^= 1;
    await expect(entriesOf({ bytes, digest })).rejects.toMatchObject({ code: 'damaged_checkpoint' });
  });

  it('of 100,000 keys leaves the event loop to others again and again', async () => {
    const state = new ShardletState();
    for (let i = 0; i < 100_000; i++) state.set(`customer-${i}`, `{"count":${i},"sum":${i * 7}}`);
    let turns = 0;
    const turning = setInterval(() => turns++, 0);
    const content = await encoded(HEADER, state.take('full'));
    const written = turns;
    await entriesOf(content);
    clearInterval(turning);
    expect(written).toBeGreaterThan(8);
    expect(turns - written).toBeGreaterThan(8);
  });
});

it('sorts as the engine does', async () => {
  const random = randoms(3);
  const keys = Array.from({ length: 5_000 }, () => `${random()}`);
  expect(await sorted(keys, new Slices())).toEqual([...keys].sort());
});

describe('a state', () => {
  it.each([
    [{ a: [1, { b: new Map() }] }, 'the state of key "k" is not JSON: .a[1].b is a Map'],
    [{ at: new Date() }, '.at is a Date'],
    [Number.NaN, 'it is NaN'],
    [undefined, 'it is undefined'],
    [{ n: 1n }, '.n is a bigint'],
    ['x'.repeat(1_000_000), 'has 1000002 characters of JSON, at most 1000000 are allowed'],
  ])('that is not JSON, or too large, is refused with its place: %#', (value, message) => {
    expect(() => jsonText('k', value)).toThrow(message);
  });

  it('may contain itself nowhere', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(() => jsonText('k', value)).toThrow('contains itself');
  });

  it('may leave fields out', () => {
    expect(jsonText('k', { a: undefined, b: null, c: [true, 'x', 1.5] })).toBe(
      '{"b":null,"c":[true,"x",1.5]}',
    );
  });
});
