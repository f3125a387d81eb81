/** An event of the log as one line for people: when it was stored, where, and what it is. */
import type { StoredEvent } from '@foreshard/client/source';
import { printableLine } from '../output.ts';

const DATA_CHARS_MAX = 120;
const MICROS_PER_MS = 1_000;

export function eventLine({ ts, shardlet, seq, late, event }: StoredEvent, utc: boolean): string {
  const { partitionkey, subject, source, type, id, data } = event;
  const key = partitionkey ?? subject ?? source;
  const mark = late === true ? ' (late)' : '';
  const what = [type, key, id, shortened(data)].map(printableLine).join('  ');
  return `${timeOf(ts, utc)}  ${shardlet}/${seq}${mark}  ${what}`.trimEnd();
}

/** With milliseconds; the zone is named, because a time without one is a riddle. */
export function timeOf(tsMicros: number, utc: boolean): string {
  const date = new Date(tsMicros / MICROS_PER_MS);
  if (utc) return date.toISOString();
  const offsetMinutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1);
  const sign = offsetMinutes < 0 ? '-' : '+';
  const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
  return `${local}${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

function shortened(data: unknown): string {
  if (data === undefined) return '';
  const text = JSON.stringify(data);
  return text.length <= DATA_CHARS_MAX ? text : `${text.slice(0, DATA_CHARS_MAX - 3)}...`;
}
