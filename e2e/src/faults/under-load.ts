/**
 * One scenario: writers and a follower of the log run, something breaks and is healed while they go on; then
 * the writers finish, everything is read back from the beginning, by key and in pages, and compared with
 * what was acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { differences, findFaults, type LogEntry } from './check.ts';
import { type Cluster, until } from './cluster.ts';
import { type Acknowledged, Journal } from './journal.ts';
import { Load, type LoadOptions, type Target } from './load.ts';
import { type Drained, Follower, Reader } from './reading.ts';

export interface Scene {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly follower: Follower;
  readonly reader: Reader;
}

export interface Outcome {
  readonly journal: Journal;
  readonly follower: Follower;
  /** empty when all that was promised holds; the first ones are enough to look into */
  readonly faults: readonly string[];
}

const WARM_EVENTS = 500;
/** the load goes on after the fault is healed */
const AFTERGLOW_MS = 1_500;
const FAULTS_SHOWN = 20;

export async function underLoad(
  cluster: Cluster,
  target: Target,
  options: LoadOptions,
  act: (scene: Scene) => Promise<void>,
): Promise<Outcome> {
  const journal = new Journal();
  const reader = new Reader(target);
  const follower = new Follower(target);
  const load = new Load(target, journal, options);
  load.start();
  try {
    await until('the load to be under way', () => journal.acknowledged.length > WARM_EVENTS);
    await act({ cluster, journal, follower, reader });
    await sleep(AFTERGLOW_MS);
  } finally {
    cluster.resume();
    await load.finish();
  }
  await cluster.whenHealed();
  const faults = await readBack(journal, load.source, reader, follower);
  await reader.close();
  return { journal, follower, faults: faults.slice(0, FAULTS_SHOWN) };
}

async function readBack(
  journal: Journal,
  source: string,
  reader: Reader,
  follower: Follower,
): Promise<string[]> {
  const followed = await follower.finish();
  const log = await reader.drainLog();
  return [
    ...findFaults(journal, source, log.entries),
    ...differences('what was followed meanwhile', log.entries, followed),
    ...(await resumingFaults(log, reader)),
    ...(await keyReadFaults(log.entries, journal, reader)),
  ];
}

/** From any page on, the rest comes again as it came. */
async function resumingFaults({ entries, places }: Drained, reader: Reader): Promise<string[]> {
  const { cursor, before } = places[Math.floor(places.length / 2)]!;
  const again = await reader.drainLog(cursor);
  return differences(`the log from entry ${before} on`, entries.slice(before), again.entries);
}

/** The events of a key are those of the log that have it, in the same order. */
async function keyReadFaults(log: readonly LogEntry[], journal: Journal, reader: Reader): Promise<string[]> {
  const byKey = Map.groupBy(log, ({ event }) => event.subject);
  const keys = new Set(journal.acknowledged.map(({ key }) => key));
  const faults: string[] = [];
  for (const key of keys) {
    const read = await reader.eventsOfKey(key);
    faults.push(...differences(`the read of key ${key}`, byKey.get(key) ?? [], read));
  }
  return faults;
}

/** Waits until so many events that are sent from now on are acknowledged. */
export async function storedAnew(
  journal: Journal,
  includes: (event: Acknowledged) => boolean = () => true,
  count = 50,
): Promise<void> {
  const now = Date.now();
  const isNew = (event: Acknowledged) => event.atMs >= now && includes(event);
  await until(
    `${count} more events to be acknowledged`,
    () => journal.acknowledged.filter(isNew).length >= count,
  );
}
