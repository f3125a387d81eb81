/**
 * How far the stream of flushes has been rolled up, and the number of each edge's last flush. It is written
 * in the same transaction as the counts, so every entry counts once, whatever dies; and the numbers tell
 * what never came, and what came twice.
 */
import { z } from 'zod';
import type { FlushHead } from './load-flush.ts';

const schema = z.object({
  /** id of the last entry of the Redis stream */
  position: z.string(),
  edges: z.record(z.string(), z.object({ runMs: z.int(), seq: z.int(), atMs: z.int() })),
});

/** An edge that has been silent for a day has ended. */
const EDGE_FORGOTTEN_MS = 86_400_000;
export const STREAM_START = '0-0';

export class FeedState {
  position: string;
  /** flushes that never came, in this run */
  missing = 0;
  private readonly edges: Map<string, { runMs: number; seq: number; atMs: number }>;

  constructor(text: string | undefined) {
    const { position, edges } =
      text === undefined ? { position: STREAM_START, edges: {} } : schema.parse(JSON.parse(text));
    this.position = position;
    this.edges = new Map(Object.entries(edges));
  }

  /** `false` for a flush that was counted before: a call whose answer was lost is sent again. */
  take({ edge, runMs, seq, atMs }: FlushHead): boolean {
    const known = this.edges.get(edge);
    const isSameRun = known?.runMs === runMs;
    if (isSameRun && seq <= known.seq) return false;
    // the first flush that is ever seen of a run may lie behind others that were cut off before
    this.missing += isSameRun ? seq - known.seq - 1 : known === undefined ? 0 : seq - 1;
    this.edges.set(edge, { runMs, seq, atMs });
    return true;
  }

  toText(nowMs: number): string {
    const alive = [...this.edges].filter(([, { atMs }]) => atMs > nowMs - EDGE_FORGOTTEN_MS);
    return JSON.stringify({ position: this.position, edges: Object.fromEntries(alive) });
  }
}
