/** Logs whose best predictor is known. */
import { seededRandom } from '../kernel/index.ts';
import type { ObservedEvent } from './next-event-model.ts';

const MINUTE_MS = 60_000;
const KEYS = 60;

/** Draws the next type of a key from its last one; `attribute` is that of the event before. */
type Draw = (last: number, attribute: number, progress: number, random: () => number) => number;

function logOf(seed: number, events: number, draw: Draw): ObservedEvent[] {
  const random = seededRandom(seed);
  const next = () => random.next();
  const last = new Map<string, { type: number; attribute: number }>();
  return Array.from({ length: events }, (_, i) => {
    const key = `key-${Math.floor(next() * KEYS)}`;
    const { type, attribute } = last.get(key) ?? { type: 0, attribute: 0 };
    const drawn = draw(type, attribute, i / events, next);
    const own = Math.floor(next() * 4);
    last.set(key, { type: drawn, attribute: own });
    return {
      key,
      type: `type-${drawn}`,
      timeMs: i * MINUTE_MS,
      attributes: [`a${own}`, `noise${Math.floor(next() * 20)}`],
    };
  });
}

/** Nothing says anything about what comes. */
export function independentLog(seed: number, events: number): ObservedEvent[] {
  return logOf(seed, events, (_last, _attribute, _progress, random) => Math.floor(random() * 10));
}

export function deterministicLog(seed: number, events: number): ObservedEvent[] {
  return logOf(seed, events, (last) => (last + 3) % 10);
}

/** The first attribute of the last event decides four times of five; the last type says nothing. */
export function attributeLog(seed: number, events: number): ObservedEvent[] {
  return logOf(seed, events, (_last, attribute, _progress, random) =>
    random() < 0.8 ? 3 * attribute : Math.floor(random() * 12),
  );
}

/** The rule changes eight times. */
export function driftingLog(seed: number, events: number): ObservedEvent[] {
  return logOf(seed, events, (last, _attribute, progress, random) =>
    random() < 0.8 ? (3 * last + 1 + 5 * Math.floor(8 * progress)) % 10 : Math.floor(random() * 10),
  );
}
