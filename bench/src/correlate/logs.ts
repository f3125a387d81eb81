/** Event logs to predict: recorded ones from the folder of traces, where they are there, and made ones of any size. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ObservedEvent } from '@foreshard/core/correlation';
import { type Random, seededRandom } from '@foreshard/core/kernel';
import { openFlights } from '../../../apps/cli/src/replay/flights-trace.ts';

export interface EventLog {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly events: readonly ObservedEvent[];
  /** settings of the model were chosen on it; the others were kept aside */
  readonly wasTunedOn: boolean;
}

type Row = Readonly<Record<string, string>>;

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly attributes: readonly string[];
  readonly wasTunedOn: boolean;
  /** the case, the activity and the time of a row */
  read(row: Row, line: string): { key: string; type: string; time: string; attributes: string[] } | undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const ACCESS =
  /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\S+) [^\]]+\] "(\S+) ([^\s?]+)[^"]*" (\d+) \S+ "(?:https?:\/\/)?([^/"]*)/;

const RECORDED: readonly Recorded[] = [
  {
    ...{ name: 'Apache, by client', file: 'apache_access_10k.log.gz', wasTunedOn: true },
    attributes: ['status', 'referer'],
    read(_row, line) {
      const found = ACCESS.exec(line);
      if (found === null) return undefined;
      const [, key, day, month, year, clock, method, type, status, referer] = found as unknown as string[];
      const at = String(MONTHS.indexOf(month!) + 1).padStart(2, '0');
      return {
        key: key!,
        type: type!,
        time: `${year}-${at}-${day}T${clock}Z`,
        attributes: [`${method} ${status}`, referer!],
      };
    },
  },
  {
    ...{ name: 'OpenSSH, by process', file: 'loghub_OpenSSH_2k.csv.gz', wasTunedOn: true },
    attributes: ['address'],
    read: (row) => ({
      ...{ key: row.Pid!, type: row.EventId!, time: `2016-12-${row.Day}T${row.Time}Z` },
      attributes: [/\d+\.\d+\.\d+\.\d+/.exec(row.Content!)?.[0] ?? ''],
    }),
  },
  {
    ...{ name: 'OpenStack, by process', file: 'loghub_OpenStack_2k.csv.gz', wasTunedOn: true },
    attributes: ['component'],
    read: (row) => ({
      ...{
        key: row.Pid!,
        type: row.EventId!,
        time: `${row.Date}T${row.Time}Z`,
        attributes: [row.Component!],
      },
    }),
  },
  {
    ...{ name: 'ZooKeeper, by node', file: 'loghub_Zookeeper_2k.csv.gz', wasTunedOn: true },
    attributes: ['level', 'component'],
    read: (row) => ({
      ...{ key: row.Node!, type: row.EventId!, time: `${row.Date}T${row.Time!.replace(',', '.')}Z` },
      attributes: [row.Level!, row.Component!],
    }),
  },
  {
    ...{ name: 'HDFS, by component', file: 'loghub_HDFS_2k.csv.gz', wasTunedOn: true },
    attributes: ['level', 'process'],
    read: (row) => ({
      ...{ key: row.Component!, type: row.EventId!, time: hdfsTime(row), attributes: [row.Level!, row.Pid!] },
    }),
  },
];

function hdfsTime({ Date: date, Time: time }: Row): string {
  const clock = time!.padStart(6, '0').replace(/(..)(..)(..)/, '$1:$2:$3');
  return `20${date!.padStart(6, '0').replace(/(..)(..)(..)/, '$1-$2-$3')}T${clock}Z`;
}

/** What is absent is reported by its file. */
export function recordedLogs(folder: string, absent: (file: string) => void): EventLog[] {
  return RECORDED.flatMap((recorded) => {
    const file = join(folder, 'events', recorded.file);
    if (existsSync(file)) return [recordedLog(recorded, gunzipSync(readFileSync(file)).toString())];
    absent(file);
    return [];
  });
}

function recordedLog({ name, file, attributes, wasTunedOn, read }: Recorded, text: string): EventLog {
  const isCsv = file.includes('.csv');
  const rows = isCsv ? csvRows(text) : text.split('\n');
  const events = rows.flatMap((row) => {
    const found = typeof row === 'string' ? read({}, row) : read(row, '');
    return found === undefined ? [] : [{ ...found, timeMs: Date.parse(found.time) }];
  });
  return { name, attributes, wasTunedOn, events: events.sort((a, b) => a.timeMs - b.timeMs) };
}

const CELL = /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;

/** Rows of a CSV file whose cells hold no line ends. */
function csvRows(text: string): Row[] {
  const [header, ...lines] = text.trimEnd().split(/\r?\n/).map(cellsOf);
  return lines.map((cells) => Object.fromEntries(header!.map((name, i) => [name, cells[i] ?? ''])));
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(CELL)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!);
}

const LATE_MINUTES = [0, 15, 60];

/** Each origin is a case and each destination an activity, or the other way round; the delay of the last departure is an attribute. */
export async function flights(
  limit: number,
  firstRow: number,
  by: 'origin' | 'destination',
): Promise<EventLog> {
  const events: ObservedEvent[] = [];
  const trace = await openFlights();
  for await (const rows of trace.rows(firstRow)) {
    for (const { key, timeMs, event } of rows.slice(0, limit - events.length)) {
      const { destination, delay } = event.data as { destination: string; delay: number };
      const late = LATE_MINUTES.findIndex((end) => delay < end);
      const [own, other] = by === 'origin' ? [key, destination] : [destination, key];
      events.push({ key: own, type: other, timeMs, attributes: [String(late)] });
    }
    if (events.length >= limit) break;
  }
  return { name: `flights, by ${by}`, attributes: ['delay'], wasTunedOn: false, events };
}

/** A process with steps in any order, rework, a case attribute that decides late, and an attribute that says nothing. */
export function orders(cases: number, seed: number): EventLog {
  const random = seededRandom(seed);
  const events = Array.from({ length: cases }, (_, i) => orderOf(`order-${i}`, i * 600_000, random)).flat();
  return {
    ...{ name: `orders (made, seed ${seed})`, attributes: ['region', 'clerk'], wasTunedOn: false },
    events: events.sort((a, b) => a.timeMs - b.timeMs),
  };
}

const HOUR_MS = 3_600_000;
const REGIONS = 5;

function orderOf(key: string, startMs: number, random: Random): ObservedEvent[] {
  const region = Math.floor(random.next() * REGIONS);
  const steps = ['pay', 'pick', 'pack', 'label'].sort(() => random.next() - 0.5);
  const carrier = `carrier-${random.next() < 0.8 ? region : Math.floor(random.next() * REGIONS)}`;
  const again = random.next() < 0.3 ? ['return', carrier] : [];
  let timeMs = startMs;
  return [
    'open',
    ...steps.slice(0, 2 + Math.floor(random.next() * 3)),
    'check',
    carrier,
    ...again,
    'close',
  ].map((type) => {
    timeMs -= Math.log(1 - random.next()) * HOUR_MS;
    return { key, type, timeMs, attributes: [`region-${region}`, `clerk-${Math.floor(random.next() * 30)}`] };
  });
}

/** No event says anything about another. */
export function unrelated(count: number, seed: number): EventLog {
  const random = seededRandom(seed);
  const events = Array.from({ length: count }, (_, i) => ({
    ...{
      key: `key-${Math.floor(random.next() * 500)}`,
      type: `type-${Math.floor(random.next() * 12)}`,
      timeMs: i * 1_000,
    },
    attributes: [`value-${Math.floor(random.next() * 4)}`],
  }));
  return { name: `unrelated (made, seed ${seed})`, attributes: ['attribute'], wasTunedOn: false, events };
}
