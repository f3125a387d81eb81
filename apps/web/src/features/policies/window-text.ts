/** A migration window as one line: "04:00-05:30 Europe/Berlin sat+sun", without weekdays where it is every day. */
import { isTimeZone, type Policy, WEEKDAYS, type Weekday } from '@foreshard/core/planning';

export type Window = Policy['migration_window'][number];

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const LINE = /^\s*(\S+?)\s*-\s*(\S+)\s+(\S+)(?:\s+(\S+))?\s*$/;

export function isGoodWindow({ from, to, zone, days }: Window): boolean {
  const areDays = days === undefined || (days.length > 0 && days.every((day) => WEEKDAYS.includes(day)));
  return TIME.test(from) && TIME.test(to) && from !== to && isTimeZone(zone) && areDays;
}

export function windowText({ from, to, zone, days }: Window): string {
  return `${from}-${to} ${zone}${days === undefined ? '' : ` ${days.join('+')}`}`;
}

/** What cannot be read is no good window. */
export function readWindow(line: string): Window {
  const [, from = '', to = '', zone = '', days] = LINE.exec(line) ?? [];
  const window = { from, to, zone };
  return days === undefined ? window : { ...window, days: days.toLowerCase().split('+') as Weekday[] };
}

/** In the order of the week; all of them are the same as none. */
export function withDay({ days: before, ...window }: Window, day: Weekday, isOn: boolean): Window {
  const chosen = WEEKDAYS.filter((one) => (one === day ? isOn : (before ?? WEEKDAYS).includes(one)));
  return chosen.length === WEEKDAYS.length ? window : { ...window, days: chosen };
}
