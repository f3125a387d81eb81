import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type ThrottledLine, throttledLine } from './throttled-line.ts';

const BYTES = 40_000;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function lineToCounter(): Promise<{ line: ThrottledLine; arrived: (bytes: number) => Promise<void> }> {
  let received = 0;
  const waiting: { bytes: number; resolve: () => void }[] = [];
  const server = createServer((socket) =>
    socket.on('data', (piece) => {
      received += piece.length;
      for (const one of waiting) if (received >= one.bytes) one.resolve();
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line = await throttledLine((server.address() as AddressInfo).port);
  closing.push(line.stop, () => server.close());
  return { line, arrived: (bytes) => new Promise((resolve) => waiting.push({ bytes, resolve })) };
}

async function secondsFor(line: ThrottledLine, arrived: Promise<void>, text: string): Promise<number> {
  const socket = connect({ port: line.port, host: '127.0.0.1' });
  closing.push(() => socket.destroy());
  const startedMs = performance.now();
  socket.write(text.padEnd(BYTES, '.'));
  await arrived;
  return (performance.now() - startedMs) / 1_000;
}

test('passes on so many bytes of appends a second, and says how long the rest will take', async () => {
  const { line, arrived } = await lineToCounter();
  line.limit(100_000);
  const done = secondsFor(line, arrived(BYTES), '$17\r\nforeshard_append\r\n');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(line.waitingMs).toBeGreaterThan(150);
  expect(await done).toBeGreaterThan(0.35);
  expect(line.appendBytes).toBe(BYTES);
  expect(line.waitingMs).toBe(0);
});

test('takes a tenth of that for what is no append', async () => {
  const { line, arrived } = await lineToCounter();
  line.limit(10_000);
  const seconds = await secondsFor(line, arrived(BYTES), '$17\r\nforeshard_ingest\r\n');
  expect(seconds).toBeGreaterThan(0.1);
  expect(seconds).toBeLessThan(2);
  expect(line.appendBytes).toBe(0);
});
