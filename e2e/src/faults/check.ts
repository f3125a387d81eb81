/**
 * Compares what clients were told with what readers see. Nothing acknowledged may be missing or be elsewhere
 * than it was said to be, nothing may be there twice, an event that was acknowledged before the next of its
 * key was sent comes before it, and the whole log is in its order. Every fault found is one line.
 */
import type { Journal } from './journal.ts';

export interface LogEntry {
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  readonly event: { readonly id: string; readonly source: string; readonly subject: string };
}

/** `log`: all of it, with the events of others, from whom only the order is looked at. */
export function findFaults(journal: Journal, source: string, log: readonly LogEntry[]): string[] {
  const own = log.filter(({ event }) => event.source === source);
  const placeById = new Map<string, number>();
  const faults = [...orderFaults(log)];
  for (const [place, { event }] of own.entries()) {
    if (placeById.has(event.id)) faults.push(`twice: ${event.id}`);
    else placeById.set(event.id, place);
  }
  return [
    ...faults,
    ...strangers(journal, own),
    ...placeFaults(journal, own, placeById),
    ...keyFaults(journal, placeById),
  ];
}

/** (ts, shardlet, seq) rises strictly. */
export function* orderFaults(log: readonly LogEntry[]): Iterable<string> {
  for (const [i, entry] of log.entries()) {
    const before = log[i - 1];
    if (before !== undefined && compare(before, entry) >= 0)
      yield `out of order: ${placeOf(before)} stands before ${placeOf(entry)}`;
  }
}

/** Readers of the same thing have seen the same. `what` names the second one. */
export function differences(what: string, first: readonly LogEntry[], second: readonly LogEntry[]): string[] {
  const at = first.findIndex((entry, i) => second[i] === undefined || compare(entry, second[i]) !== 0);
  if (at === -1 && first.length === second.length) return [];
  const place = at === -1 ? first.length : at;
  const [a, b] = [first[place], second[place]];
  return [
    `${what} differs at ${place} (of ${first.length} and ${second.length}): ${placeOf(a)}, ${placeOf(b)}`,
  ];
}

function* strangers(journal: Journal, own: readonly LogEntry[]): Iterable<string> {
  const { sentIds } = journal;
  for (const { event } of own) if (!sentIds.has(event.id)) yield `never sent: ${event.id}`;
}

function* placeFaults(
  journal: Journal,
  own: readonly LogEntry[],
  placeById: ReadonlyMap<string, number>,
): Iterable<string> {
  for (const { id, key, status, shardlet, seq, ts } of journal.acknowledged) {
    const entry = own[placeById.get(id) ?? -1];
    const acknowledged = `${status} as ${shardlet}/${seq}`;
    if (entry === undefined) yield `missing: ${id}, ${acknowledged}`;
    else if (entry.shardlet !== shardlet || entry.seq !== seq || (ts !== undefined && entry.ts !== ts))
      yield `elsewhere: ${id}, ${acknowledged} at ${ts}, is ${placeOf(entry)}`;
    else if (entry.event.subject !== key) yield `changed: ${id} of key ${key} has key ${entry.event.subject}`;
  }
}

function* keyFaults(journal: Journal, placeById: ReadonlyMap<string, number>): Iterable<string> {
  for (const [key, events] of Map.groupBy(journal.acknowledged, (e) => e.key)) {
    // the latest place among the first n acknowledged ones
    const latest = [-1];
    for (const { id } of events) latest.push(Math.max(latest.at(-1)!, placeById.get(id) ?? -1));
    for (const [i, { id, after, answer }] of events.entries()) {
      const place = placeById.get(id);
      if (place === undefined) continue;
      if (latest[after]! >= place)
        yield `key order: ${id} of ${key} stands before one that was acknowledged before it was sent`;
      const former = events[i - 1];
      if (former?.answer === answer && (placeById.get(former.id) ?? -1) >= place)
        yield `key order: ${id} of ${key} stands before ${former.id}, which was sent before it`;
    }
  }
}

function compare(a: LogEntry, b: LogEntry): number {
  return a.ts - b.ts || a.shardlet - b.shardlet || a.seq - b.seq;
}

function placeOf(entry: LogEntry | undefined): string {
  return entry === undefined ? 'nothing' : `${entry.shardlet}/${entry.seq} at ${entry.ts}`;
}
