/** When the flights of the sample depart, by origin or by route. */
import { openFlights } from '../replay/flights-trace.ts';

const MINUTE_MS = 60_000;

export interface Departures {
  /** [key]: minutes from the beginning of the sample */
  readonly minutes: readonly number[][];
  readonly length: number;
}

export async function flightDepartures(isByRoute: boolean, minutesMax: number): Promise<Departures> {
  const trace = await openFlights();
  const minutes: number[][] = [];
  const known = new Map<string, number>();
  let firstMs = Number.NaN;
  for await (const rows of trace.rows(1))
    for (const { timeMs, key: origin, event } of rows) {
      if (Number.isNaN(firstMs)) firstMs = Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
      const minute = Math.floor((timeMs - firstMs) / MINUTE_MS);
      if (minute >= minutesMax) return { minutes, length: minutesMax };
      if (minute < 0) continue;
      const { destination } = event.data as { destination: string };
      const name = isByRoute ? `${origin}-${destination}` : origin;
      if (!known.has(name)) {
        known.set(name, minutes.length);
        minutes.push([]);
      }
      minutes[known.get(name)!]!.push(minute);
    }
  const last = minutes.reduce((most, own) => Math.max(most, own.at(-1) ?? 0), 0);
  return { minutes, length: last + 1 };
}
