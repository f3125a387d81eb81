/** What the replay command says: one line of progress at a time on stderr, one JSON document at its end. */
import { z } from 'zod';

export interface SampleProgress {
  readonly acknowledged: number;
  readonly eventsPerSecond: number | null;
}

export interface SampleResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** all three are equal and the order was kept */
  readonly matches: boolean;
  /** what was found about the order, in words */
  readonly order: string;
}

const progressSchema = z.object({ acknowledged: z.int(), eventsPerSecond: z.number().nullable() });

export function parseProgress(line: string): SampleProgress | undefined {
  try {
    return progressSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

export function parseResult(_text: string): SampleResult | undefined {
  return undefined;
}
