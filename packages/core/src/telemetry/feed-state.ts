/**
 * How far the stream of flushes has been rolled up, and the number of each edge's last flush. It is written
 * in the same transaction as the counts, so every entry counts once, whatever dies; and the numbers tell
 * what never came, and what came twice.
 *
 * Each run of an edge has numbers of its own, so two edges that were given the same id lose nothing; they are named in
 * `sharedIds`, since nobody can tell one from the other.
 */
import { z } from 'zod';
import type { FlushHead } from './load-flush.ts';

const schema = z.object({
  /** id of the last entry of the Redis stream */
  position: z.string(),
  /** by `edge@run`; earlier releases wrote `edge` */
  edges: z.record(z.string(), z.object({ runMs: z.int(), seq: z.int(), atMs: z.int() })),
});

/** An edge that has been silent for a day has ended. */
const EDGE_FORGOTTEN_MS = 86_400_000;
/** An edge that is being replaced goes on for seconds beside its successor, and their clocks may differ. */
const HANDOVER_MS = 60_000;
export const STREAM_START = '0-0';

interface Run {
  readonly edge: string;
  readonly runMs: number;
  readonly seq: number;
  /** when the second began of which it told last */
  readonly atMs: number;
}

export class FeedState {
  position: string;
  /** flushes that never came, in this run of the job */
  missing = 0;
  /** ids under which two edges told about the same time, in this run of the job */
  readonly sharedIds = new Set<string>();
  private readonly runs = new Map<string, Run>();
  /** the newest run of each edge */
  private readonly newest = new Map<string, Run>();

  constructor(text: string | undefined) {
    const { position, edges } =
      text === undefined ? { position: STREAM_START, edges: {} } : schema.parse(JSON.parse(text));
    this.position = position;
    for (const [name, run] of Object.entries(edges)) this.note({ edge: name.split('@')[0]!, ...run });
  }

  /** `false` for a flush that was counted before: a call whose answer was lost is sent again. */
  take({ edge, runMs, seq, atMs }: FlushHead): boolean {
    const known = this.runs.get(nameOf({ edge, runMs }));
    if (known !== undefined && seq <= known.seq) return false;
    const newest = this.newest.get(edge);
    if (newest !== undefined && runMs < newest.runMs && atMs > newest.runMs + HANDOVER_MS)
      this.sharedIds.add(edge);
    // of an edge that was never seen, the first flushes may have been cut off before
    this.missing += known !== undefined ? seq - known.seq - 1 : newest === undefined ? 0 : seq - 1;
    this.note({ edge, runMs, seq, atMs });
    return true;
  }

  toText(nowMs: number): string {
    const alive = [...this.runs].filter(([, { atMs }]) => atMs > nowMs - EDGE_FORGOTTEN_MS);
    const edges = Object.fromEntries(alive.map(([name, { edge: _, ...run }]) => [name, run]));
    return JSON.stringify({ position: this.position, edges });
  }

  private note(run: Run): void {
    this.runs.set(nameOf(run), run);
    const newest = this.newest.get(run.edge);
    if (newest === undefined || newest.runMs <= run.runMs) this.newest.set(run.edge, run);
  }
}

/** Ids of edges hold no `@`. */
function nameOf({ edge, runMs }: Pick<Run, 'edge' | 'runMs'>): string {
  return `${edge}@${runMs}`;
}
