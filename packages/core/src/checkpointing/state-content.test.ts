import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { KnownCheckpoint } from './records.ts';
import { contradictionOf, readState } from './state-content.ts';

const HEADER = { v: 1, kind: 'full', shardlet: 7, seq: 20, epoch: 2, handlerVersion: 'a' } as const;

const content = (...lines: readonly unknown[]) =>
  Uint8Array.from(gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));

async function read(bytes: Uint8Array<ArrayBuffer>, keysMax = 1_000, unpackedBytesMax?: number) {
  const entries: [string, number | undefined][] = [];
  const reading = await readState(
    bytes,
    (key, size) => entries.push([key, size]) <= keysMax,
    unpackedBytesMax,
  );
  return { reading, entries };
}

it('reads the header and each entry, with its size in bytes of UTF-8', async () => {
  const { v: _, ...header } = HEADER;
  expect(await read(content(HEADER, ['a', 1], ['Zürich', { text: 'é' }], ['gone']))).toEqual({
    reading: { kind: 'read', header: expect.objectContaining(header) },
    entries: [
      ['a', '["a",1]'.length],
      ['Zürich', '["Zürich",{"text":"é"}]'.length + 2],
      ['gone', undefined],
    ],
  });
  expect((await read(content(HEADER))).entries).toEqual([]);
});

it('reads what comes in many pieces', async () => {
  // does not compress, so it comes in chunks that begin and end within lines
  const entries = Array.from({ length: 3_000 }, (_, i) => [`key-${i}`, [Math.sin(i), 'ü'.repeat(i % 90)]]);
  const { reading, entries: found } = await read(content(HEADER, ...entries), 1e6);
  expect(reading.kind).toBe('read');
  expect(found).toEqual(entries.map((entry) => [entry[0], Buffer.byteLength(JSON.stringify(entry))]));
});

it('calls damaged what begins as the library writes it and goes on otherwise', async () => {
  const whole = content(HEADER, ...Array.from({ length: 2_000 }, (_, i) => [`key-${i}`, Math.sin(i)]));
  const damaged = async (bytes: Uint8Array<ArrayBuffer>) => {
    const { reading } = await read(bytes, 1e6);
    if (reading.kind !== 'damaged') throw new Error(reading.kind);
    return reading.reason;
  };
  expect(await damaged(whole.slice(0, -40))).toBe('it cannot be unpacked');
  expect(await damaged(Uint8Array.from(gzipSync(`${JSON.stringify(HEADER)}\n["a",1]`)))).toBe(
    'its last line has no end',
  );
  for (const line of [5, ['a', 1, 2], [5, 1], { a: 1 }])
    expect(await damaged(content(HEADER, line))).toBe('a line is not an entry');
  expect(await damaged(Uint8Array.from(gzipSync(`${JSON.stringify(HEADER)}\n["a",\n`)))).toContain('JSON');
  const notText = Buffer.concat([Buffer.from(`${JSON.stringify(HEADER)}\n["`), Buffer.of(0xff, 0x0a)]);
  expect((await read(Uint8Array.from(gzipSync(notText)))).reading.kind).toBe('damaged');
  const key = Buffer.concat([
    Buffer.from(`${JSON.stringify(HEADER)}\n["`),
    Buffer.of(0xff),
    Buffer.from('",1]\n'),
  ]);
  expect((await read(Uint8Array.from(gzipSync(key)))).reading.kind).toBe('damaged');
});

it('says nothing of what somebody else wrote, or a later release', async () => {
  const unread = async (bytes: Uint8Array<ArrayBuffer>, ...more: [number?, number?]) => {
    const { reading } = await read(bytes, ...more);
    if (reading.kind !== 'unread') throw new Error(reading.kind);
    return reading.reason;
  };
  const other = 'It is not of the format of the client library.';
  for (const bytes of [
    Uint8Array.of(),
    Uint8Array.of(1, 2, 3),
    content(),
    content([1, 2]),
    content({ w: 1 }),
  ])
    expect(await unread(bytes)).toBe(other);
  expect(await unread(content(null))).toBe(other);
  expect(await unread(Uint8Array.from(gzipSync('text')))).toBe(other);
  expect(await unread(content({ ...HEADER, v: 2 }))).toBe('It is of format 2; this release reads 1.');
  expect(await unread(content({ ...HEADER, v: 0 }))).toBe('It is of format 0; this release reads 1.');
  const two = content(HEADER, ['a', 1], ['b', 1]);
  expect(await unread(two, 1)).toBe('It has more keys than a drill counts.');
  expect((await read(two, 2)).reading.kind).toBe('read');
  const { length } = `${JSON.stringify(HEADER)}\n["a",1]\n["b",1]\n`;
  expect((await read(two, 2, length)).reading.kind).toBe('read');
  const zeros = content(HEADER, ['a', '0'.repeat(5_000_000)]);
  expect(zeros.length).toBeLessThan(10_000);
  expect(await unread(zeros, 10, 1_000_000)).toBe('It unpacks to more than 1000000 bytes.');
});

it('finds a content that is of another checkpoint than its row says', () => {
  const row: KnownCheckpoint = {
    ...{ id: 'x', shardlet: 7, seq: 20, epoch: 2, handlerVersion: 'a', base: undefined },
    ...{ bytes: 1, keys: 1, digest: '', reason: 'due', createdAtMs: 0 },
  };
  expect(contradictionOf(row, HEADER)).toBeUndefined();
  expect(contradictionOf({ ...row, base: 'y' }, HEADER)).toBe('its kind is full, and not delta');
  expect(contradictionOf({ ...row, base: 'y' }, { ...HEADER, kind: 'delta' })).toBeUndefined();
  expect(contradictionOf(row, { ...HEADER, seq: 21 })).toBe('its seq is 21, and not 20');
  for (const name of ['shardlet', 'epoch'] as const)
    expect(contradictionOf(row, { ...HEADER, [name]: 9 })).toContain(name);
  expect(contradictionOf(row, { ...HEADER, handlerVersion: 'b' })).toContain('handlerVersion');
});
