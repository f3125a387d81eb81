/**
 * What the replay command says: now and then a line about how far it is ("sending: 1200/100000 (1%), 850
 * events/s, 2 min left") on stderr, and one JSON document at its end.
 */
import { z } from 'zod';

export interface SampleProgress {
  readonly phase: 'sending' | 'reading';
  readonly count: number;
  readonly eventsPerSecond: number | null;
}

const resultSchema = z.object({
  sent: z.int(),
  acknowledged: z.int(),
  /** distinct events found when everything was read back */
  stored: z.int(),
  perKeyOrderKept: z.boolean(),
  globalOrderKept: z.boolean(),
  eventsPerSecond: z.number(),
  /** all three numbers are equal, nothing was refused, both orders were kept */
  ok: z.boolean(),
  mismatches: z.array(z.string()),
});
export type SampleResult = z.infer<typeof resultSchema>;

const PROGRESS = /^(sending|reading back): (\d+)(?:\/\d+ \(\d+%\))?(?:, (\d+) events\/s)?/;

export function parseProgress(line: string): SampleProgress | undefined {
  const [, label, count, rate] = PROGRESS.exec(line) ?? [];
  if (label === undefined) return undefined;
  return {
    phase: label === 'sending' ? 'sending' : 'reading',
    count: Number(count),
    eventsPerSecond: rate === undefined ? null : Number(rate),
  };
}

/** A line that tells a person something: of a crash only its message is left. */
export function isStatusLine(line: string): boolean {
  return line.trim() !== '' && !/^(\s+at |Node\.js v\d)/.test(line);
}

/** undefined when the command ended before it had a result */
export function parseResult(output: string): SampleResult | undefined {
  try {
    return resultSchema.parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}
