/**
 * Settings as people write them: 32 TiB, 6 h, 80 %. A number alone is in the unit that stands beside its field; a unit
 * typed after it counts more. What cannot be read is NaN, which the schema refuses.
 */

/** As typed; `unit` is the one chosen beside the field. */
export interface Typed {
  readonly text: string;
  readonly unit: string;
}

type Scale = readonly (readonly [unit: string, size: number])[];

/** By the unit of the schema. Where two are equally short, the first is taken. */
const SCALES: Readonly<Record<string, Scale>> = {
  bytes: [
    ['B', 1],
    ['kB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
    ['TB', 1e12],
    ['KiB', 2 ** 10],
    ['MiB', 2 ** 20],
    ['GiB', 2 ** 30],
    ['TiB', 2 ** 40],
  ],
  'bytes/s': [
    ['B/s', 1],
    ['kB/s', 1e3],
    ['MB/s', 1e6],
    ['GB/s', 1e9],
  ],
  minutes: [
    ['min', 1],
    ['h', 60],
    ['days', 1_440],
  ],
  share: [['%', 0.01]],
};
/** What the last bits of a double make of 0.57 is nobody's setting. */
const DIGITS = 15;
const GROUPED = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 12 });

/** Those to choose from; what has no scale has its own unit alone. */
export function unitsOf(kind: string): readonly string[] {
  return scaleOf(kind).map(([unit]) => unit);
}

/** In the unit in which it is shortest. */
export function typedOf(value: number, kind: string): Typed {
  const [first, ...larger] = scaleOf(kind).map(([unit, size]) => ({
    unit,
    inUnit: rounded(value / size),
  }));
  const found = larger
    .filter(({ inUnit }) => Math.abs(inUnit) >= 1)
    .reduce((best, one) => (lengthOf(one.inUnit) < lengthOf(best.inUnit) ? one : best), first!);
  return { text: grouped.format(found.inUnit), unit: found.unit };
}

export function readSetting({ text, unit }: Typed, kind: string): number {
  const split = splitUnit({ text, unit }, kind);
  const size = scaleOf(kind).find(([name]) => name === split.unit)?.[1];
  const digits = GROUPED.test(split.text) ? split.text.replaceAll(',', '') : split.text;
  return size === undefined || digits === '' ? Number.NaN : rounded(Number(digits) * size);
}

/** A unit that was typed after the number is taken over: "90 min" beside "h" is 90 in minutes. */
export function splitUnit({ text, unit }: Typed, kind: string): Typed {
  const [, digits = text.trim(), typed = ''] = /^([\d.,+-]+)\s*(\D+)$/.exec(text.trim()) ?? [];
  const known = unitsOf(kind).find((one) => one === typed || `${typed}s` === one);
  return known === undefined ? { text: text.trim(), unit } : { text: digits, unit: known };
}

/** For people: "32 TiB", "6 h", "1 day", "20,000 events/s"; a bare number where the unit says nothing. */
export function settingText(value: number, kind: string): string {
  const { text, unit } = typedOf(value, kind);
  if (unit === 'count') return text;
  return `${text} ${unit === 'days' && text === '1' ? 'day' : unit}`;
}

function scaleOf(kind: string): Scale {
  return SCALES[kind] ?? [[kind, 1]];
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS));
}

function lengthOf(value: number): number {
  return String(value).length;
}
