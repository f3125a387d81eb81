/**
 * A worker's share of telemetry in a process of its own, so that its memory can be told: rolls the flushes of
 * one file up into a minute, and that minute into its hour. Prints one line of JSON.
 */
import { open } from 'node:fs/promises';
import { PostgresBlockStore } from '@foreshard/core/adapters/telemetry';
import { HOUR_MS, MinuteRollUp, openFlush, RETENTION_DEFAULT, rollUpHour } from '@foreshard/core/telemetry';

const LENGTH_BYTES = 4;
const [url, path, stream, startMs] = process.argv.slice(2) as [string, string, string, string];
const hour = { stream: Number(stream), startMs: Number(startMs) };
const nowMs = hour.startMs + HOUR_MS;
const store = new PostgresBlockStore(url, 'bench');

const minute = await measured(() =>
  store.exclusively('bench', async (tx) => {
    const rollUp = new MinuteRollUp(() => hour.stream, nowMs, RETENTION_DEFAULT.minute);
    for await (const flush of flushes()) rollUp.add(openFlush(flush));
    await rollUp.write(tx, nowMs, [hour.stream]);
  }),
);
const minuteMegabytes = peakMegabytes();
const ofHour = await measured(() => store.exclusively('bench', (tx) => rollUpHour(tx, hour, nowMs)));
await store.close();
process.stdout.write(
  `${JSON.stringify({ minute, hour: ofHour, minuteMegabytes, megabytes: peakMegabytes() })}\n`,
);

/** Each behind its length, as the worker reads them: a few at a time. */
async function* flushes(): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  const length = Buffer.alloc(LENGTH_BYTES);
  while ((await file.read(length, 0, LENGTH_BYTES)).bytesRead > 0) {
    const flush = Buffer.alloc(length.readUInt32LE());
    await file.read(flush, 0, flush.length);
    yield flush;
  }
  await file.close();
}

async function measured(work: () => Promise<unknown>): Promise<{ ms: number; cpuMs: number }> {
  const [before, startedMs] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: Math.round(performance.now() - startedMs), cpuMs: Math.round((user + system) / 1_000) };
}

function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_000);
}
