/**
 * The sample as the live run plays it: departures of one morning as events to send, those of the four weeks before it
 * as a history to learn from. Recorded times are kept to the day of the week: a whole number of weeks is added.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { seededRandom } from '@foreshard/core/kernel';
import { openFlights } from '../../../apps/cli/src/replay/flights-trace.ts';

/** A Thursday: until a minute before six nearly nobody leaves, from six on as many as at noon. */
const FROM_MS = Date.UTC(2001, 5, 28, 5, 30);
const HISTORY_MS = 28 * 86_400_000;
const WEEK_MS = 7 * 86_400_000;
/** as in the replays of `bench policy`, a departure stands for so many events... */
export const WEIGHT = 60;
/** ...here within so long of it, so that they stay in the step they are recorded in */
const SPREAD_MS = 5 * 60_000;

export interface Morning {
  /** what the fast clock shows when it begins: the recorded time, weeks later */
  readonly dateMs: number;
  /** CSV for `import-history` */
  readonly history: string;
  /** for clients/paced-load.ts */
  readonly schedule: string;
  readonly events: number;
  /** of all hosts together, events a real second, over the busiest ten minutes */
  readonly peakPerSecond: number;
}

export interface MorningOptions {
  readonly dir: string;
  readonly rate: number;
  readonly minutes: number;
  /** the date of the morning lies after this one */
  readonly afterMs: number;
}

export async function morning({ dir, rate, minutes, afterMs }: MorningOptions): Promise<Morning> {
  const shiftMs = Math.ceil((afterMs - FROM_MS) / WEEK_MS) * WEEK_MS;
  const toMs = FROM_MS + minutes * 60_000;
  const random = seededRandom(1);
  const due: { readonly ms: number; readonly key: string }[] = [];
  const history = `${dir}/history.csv`;
  const file = createWriteStream(history);
  file.write('timestamp,key\n');
  const trace = await openFlights();
  for await (const rows of trace.rows(1)) {
    const past = rows.filter(({ timeMs }) => timeMs >= FROM_MS - HISTORY_MS && timeMs < FROM_MS);
    const text = past.map(({ timeMs, key }) => `${new Date(timeMs + shiftMs).toISOString()},${key}\n`);
    if (text.length > 0 && !file.write(text.join(''))) await once(file, 'drain');
    for (const { timeMs, key } of rows)
      for (let i = 0; timeMs >= FROM_MS && timeMs < toMs && i < WEIGHT; i++)
        due.push({ ms: (timeMs - FROM_MS + random.next() * SPREAD_MS) / rate, key });
  }
  file.end();
  await once(file, 'close');
  due.sort((a, b) => a.ms - b.ms);
  const schedule = `${dir}/schedule.txt`;
  await writeFile(schedule, due.map(({ ms, key }) => `${ms.toFixed(1)} ${key}\n`).join(''));
  return {
    dateMs: FROM_MS + shiftMs,
    history,
    schedule,
    events: due.length,
    peakPerSecond: busiest(due, 600_000 / rate),
  };
}

function busiest(due: readonly { readonly ms: number }[], windowMs: number): number {
  let most = 0;
  for (let from = 0, to = 0; to < due.length; to++) {
    while (due[to]!.ms - due[from]!.ms > windowMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return (1_000 * most) / windowMs;
}
