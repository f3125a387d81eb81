import { JOBS, type JobName } from '@foreshard/core/jobs';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createMetrics } from '../process/metrics.ts';
import { JobRegistry, JobTimeout, type Processors } from './registry.ts';

/** A job that ends when told to. */
class Held {
  runs = 0;
  signal: AbortSignal | undefined;
  private readonly ends: ((error?: Error) => void)[] = [];

  readonly run = (_: unknown, signal: AbortSignal): Promise<undefined> => {
    this.runs++;
    this.signal = signal;
    return new Promise((resolve, reject) => {
      this.ends.push((error) => (error === undefined ? resolve(undefined) : reject(error)));
    });
  };

  async end(error?: Error): Promise<void> {
    this.ends.shift()!(error);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function registryOf(held: Held, timeoutMs?: number) {
  const names = Object.keys(JOBS) as JobName[];
  const processors = Object.fromEntries(names.map((name) => [name, held.run])) as Processors;
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const registry = new JobRegistry({
    processors,
    metrics,
    log,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const count = async (result: string) =>
    (await metrics.jobRuns.get()).values.find((v) => v.labels.result === result)?.value ?? 0;
  return { registry, count };
}

test('a run is counted by how it ended', async () => {
  const held = new Held();
  const { registry, count } = registryOf(held);
  const good = registry.run('reconcile', {});
  await held.end();
  await good;
  const bad = registry.run('reconcile', {});
  await held.end(new Error('broken'));
  await expect(bad).rejects.toThrow('broken');
  expect([await count('finished'), await count('failed')]).toEqual([1, 1]);
});

test('wake-ups during a run make exactly one more run, after it', async () => {
  const held = new Held();
  const { registry } = registryOf(held);
  const first = registry.run('reconcile', {});
  await registry.run('reconcile', {});
  await registry.run('reconcile', {});
  expect(held.runs).toBe(1);
  await held.end();
  expect(held.runs).toBe(2);
  await held.end();
  await first;
  expect(held.runs).toBe(2);
});

test('different jobs run side by side', async () => {
  const held = new Held();
  const { registry } = registryOf(held);
  const both = [registry.run('reconcile', {}), registry.run('retention', {})];
  expect(held.runs).toBe(2);
  await held.end();
  await held.end();
  await Promise.all(both);
});

test('a run that takes too long fails, is told to stop, and does not overlap the next', async () => {
  const held = new Held();
  const { registry, count } = registryOf(held, 10);
  await expect(registry.run('reconcile', {})).rejects.toThrow(JobTimeout);
  expect(held.signal!.aborted).toBe(true);
  expect(await count('timeout')).toBe(1);
  await registry.run('reconcile', {});
  expect(held.runs).toBe(1);
  await held.end();
  void registry.run('reconcile', {});
  expect(held.runs).toBe(2);
  await held.end();
});

test('a job that the catalogue does not have is refused', async () => {
  const { registry } = registryOf(new Held());
  await expect(registry.run('toString', {})).rejects.toThrow('the catalogue has no job toString');
});

test('ending the worker stops what runs', async () => {
  const held = new Held();
  const { registry } = registryOf(held);
  const run = registry.run('reconcile', {});
  const ended = registry.abort();
  await expect(run).rejects.toThrow('the worker ends');
  await held.end();
  await ended;
});
