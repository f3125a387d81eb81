/**
 * Appends to a host on PostgreSQL while others ask it something, against the same without them: p99 from when a call was
 * due to its answer. The calls without are made twice in each round, so that the ratio of these two tells how noisy the
 * machine is; the three come in random order, as the first of a round is slower.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPostgresHost } from '@foreshard/core/adapters/postgres';
import type { EventHost } from '@foreshard/core/hosts';
import { seededRandom } from '@foreshard/core/kernel';
import { createDatabase, startPostgres } from '@foreshard/local';
import { appendAll, nextCall, openShardlets, SHARDLETS } from './append.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { type Child, start } from './measure/child.ts';
import { interleave, ratio } from './measure/interleave.ts';
import { zipfSampler } from './measure/random-events.ts';

/** An edge and a worker, each for all its members. */
const ASKERS = 2;
const CALLS_PER_SECOND = 50;
/** as one edge makes them at 1,000 events a second */
const EVENTS_PER_CALL = 20;
const WITHOUT = 'without, ms';
const AGAIN = 'without again, ms';

async function p99(host: EventHost, seconds: number, shardletOf: () => number): Promise<number> {
  const count = Math.round(seconds * CALLS_PER_SECOND);
  const calls = Array.from({ length: count }, () => nextCall(shardletOf, EVENTS_PER_CALL));
  const startMs = performance.now();
  const took: number[] = [];
  for (const [i, call] of calls.entries()) {
    const dueMs = startMs + (i * 1_000) / CALLS_PER_SECOND;
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) await sleep(leftMs);
    await appendAll(host, [call]);
    took.push(performance.now() - dueMs);
  }
  took.sort((a, b) => a - b);
  return took[Math.floor(0.99 * took.length)]!;
}

async function startAsker(asker: string, url: string): Promise<Child> {
  const child = start(asker, [url]);
  await once(child.process.stdout!, 'data');
  return child;
}

/** `asker`: a script that is given the host's address. `what` it asks for. */
export async function appendBeside(
  asker: string,
  what: string,
  { rounds, seconds }: BenchOptions,
): Promise<BenchResult> {
  const besideName = `beside ${what}, ms`;
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-bench-'));
  const server = await startPostgres({ dir: join(dir, 'postgres') });
  const url = await createDatabase(server.url, 'bench');
  const host = await connectPostgresHost({ url, expectedIncarnation: undefined });
  try {
    await openShardlets(host);
    const shardletOf = zipfSampler(SHARDLETS, 0.99);
    const measure = () => p99(host, seconds, shardletOf);
    await measure();
    const beside = async (): Promise<number> => {
      const askers = await Promise.all(Array.from({ length: ASKERS }, () => startAsker(asker, url)));
      const value = await measure();
      await Promise.all(askers.map((asker) => asker.stop()));
      return value;
    };
    const candidates = [
      { name: WITHOUT, measure },
      { name: besideName, measure: beside },
      { name: AGAIN, measure },
    ];
    const results = await interleave(candidates, rounds, seededRandom(Date.now()));
    const name = `PostgreSQL, p99 of appends beside ${what} / without`;
    return {
      mode: {
        ...{ 'calls a second': CALLS_PER_SECOND, 'events a call': EVENTS_PER_CALL, askers: ASKERS },
        ...{
          shardlets: `${SHARDLETS}, Zipf 0.99`,
          synchronous_commit: 'on',
          'calls a round': seconds * CALLS_PER_SECOND,
        },
      },
      ratios: {
        [name]: ratio(results, besideName, WITHOUT),
        'noise: without again / without': ratio(results, AGAIN, WITHOUT),
      },
      marks: { [name]: '<= 1.1' },
    };
  } finally {
    await host.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
