/** The events of a user's CSV file, in the order of their times; equal times stay in the order of the file. */
import type { ObservedEvent } from '@foreshard/core/correlation';
import { parseTimestamp } from '@foreshard/core/kernel';
import { csvRecords, placeOfColumn } from '../csv.ts';
import { badInput } from '../failure.ts';
import { counted } from '../output.ts';

export interface LogColumns {
  readonly input: string;
  readonly key: string;
  readonly activity: string;
  readonly time: string;
  readonly features: readonly string[];
}

export interface EventLog {
  readonly cases: number;
  readonly notes: readonly string[];
  inOrder(): Iterable<ObservedEvent>;
}

interface Places {
  readonly key: number;
  readonly activity: number;
  readonly time: number;
  readonly features: readonly number[];
}

export async function readEventLog(columns: LogColumns): Promise<EventLog> {
  const { input } = columns;
  const events: ObservedEvent[] = [];
  const texts = new Map<string, string>();
  let places: Places | undefined;
  let leftOut = 0;
  for await (const { row, line } of csvRecords(input)) {
    if (places === undefined) {
      places = placesOf(row, columns);
      continue;
    }
    const event = eventOf(row, places, texts, input, line);
    if (event === undefined) leftOut++;
    else events.push(event);
  }
  if (places === undefined)
    throw badInput(`${input} is empty: a header line and a row for each event are needed`);
  if (events.length === 0) throw badInput(`${input} has no events`);
  const { order, unsorted } = byTime(events);
  const notes: string[] = [];
  if (leftOut > 0) notes.push(`${counted(leftOut, 'row')} without a case or an activity: left out`);
  if (unsorted > 0) notes.push(`the times are not in order in ${counted(unsorted, 'place')}: sorted`);
  return {
    cases: new Set(events.map(({ key }) => key)).size,
    notes,
    *inOrder() {
      for (const i of order) yield events[i]!;
    },
  };
}

function placesOf(header: readonly string[], { input, key, activity, time, features }: LogColumns): Places {
  const names = header.map((name) => name.trim());
  const at = (name: string) => placeOfColumn(names, name, input);
  const places = { key: at(key), activity: at(activity), time: at(time), features: features.map(at) };
  if (places.features.includes(places.activity))
    throw badInput(`--features names ${activity}, which is predicted: the last activities are used anyway`);
  return places;
}

function eventOf(
  row: readonly string[],
  places: Places,
  texts: Map<string, string>,
  input: string,
  line: number,
): ObservedEvent | undefined {
  const key = row[places.key] ?? '';
  const type = row[places.activity] ?? '';
  if (key === '' || type === '') return undefined;
  const cell = row[places.time] ?? '';
  const timeMs = parseTimestamp(cell);
  if (timeMs === undefined)
    throw badInput(
      `${input}, line ${line}: "${cell.slice(0, 40)}" is not a time; use 2026-01-31 13:00:00, with an offset such as +02:00, or seconds since 1970`,
    );
  const kept = (text: string) => once(texts, text);
  return {
    key: kept(key),
    type: kept(type),
    timeMs,
    attributes: places.features.map((i) => kept(row[i] ?? '')),
  };
}

/** A million rows share few texts; each is kept once. */
function once(texts: Map<string, string>, text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  texts.set(text, text);
  return text;
}

function byTime(events: readonly ObservedEvent[]): { order: Uint32Array; unsorted: number } {
  const order = Uint32Array.from(events, (_, i) => i);
  let unsorted = 0;
  for (let i = 1; i < events.length; i++) if (events[i]!.timeMs < events[i - 1]!.timeMs) unsorted++;
  if (unsorted > 0) order.sort((a, b) => events[a]!.timeMs - events[b]!.timeMs || a - b);
  return { order, unsorted };
}
