/**
 * Watches the answers that one member of a group with `order: log` gets, in their order: what it holds is merged by
 * (ts, shardlet, seq). A shardlet takes part from the answer after the one that named it on: its events may be older than
 * what came before. What comes again, because it was not committed, is passed over.
 */
export interface OrderedAnswer {
  /** left out: as in the answer before */
  readonly assigned?: readonly { readonly shardlet: number; readonly assignment: number }[];
  readonly batches: readonly OrderedBatch[];
}

export interface OrderedBatch {
  readonly shardlet: number;
  readonly assignment: number;
  readonly events: readonly { readonly seq: number; readonly ts: number }[];
}

export interface Watched {
  /** comparisons of an event with one of another shardlet */
  readonly compared: number;
  readonly faults: readonly string[];
}

type Place = readonly [ts: number, shardlet: number, seq: number];

interface Merged {
  readonly assignment: number;
  /** the last event of it that came */
  seq: number;
  /** the greatest place that anything came from since it takes part */
  after: Place | undefined;
}

export class OrderWatch implements Watched {
  compared = 0;
  readonly faults: string[] = [];
  private readonly merged = new Map<number, Merged>();

  answered({ assigned, batches }: OrderedAnswer): void {
    let before: Place | undefined;
    for (const { shardlet, assignment, events } of batches)
      for (const { seq, ts } of events) {
        const place: Place = [ts, shardlet, seq];
        this.compare(place, before, 'within an answer');
        before = place;
        this.came(place, assignment);
      }
    if (assigned !== undefined) this.takePart(assigned);
  }

  private came(place: Place, assignment: number): void {
    const [, shardlet, seq] = place;
    const own = this.merged.get(shardlet);
    if (own?.assignment === assignment) {
      if (seq <= own.seq) return;
      if (own.seq > 0 && seq !== own.seq + 1)
        this.faults.push(`shardlet ${shardlet}: ${seq} after ${own.seq}`);
      this.compare(place, own.after, `assignment ${assignment}`);
      own.seq = seq;
    }
    for (const each of this.merged.values())
      if (each.after === undefined || isBehind(place, each.after)) each.after = place;
  }

  private takePart(assigned: NonNullable<OrderedAnswer['assigned']>): void {
    const now = new Map(assigned.map(({ shardlet, assignment }) => [shardlet, assignment]));
    for (const [shardlet, { assignment }] of this.merged)
      if (now.get(shardlet) !== assignment) this.merged.delete(shardlet);
    for (const [shardlet, assignment] of now)
      if (!this.merged.has(shardlet)) this.merged.set(shardlet, { assignment, seq: 0, after: undefined });
  }

  private compare(place: Place, before: Place | undefined, where: string): void {
    if (before === undefined) return;
    if (before[1] !== place[1]) this.compared++;
    if (!isBehind(place, before)) this.faults.push(`${where}: [${place}] came after [${before}]`);
  }
}

function isBehind(place: Place, before: Place): boolean {
  const at = place.findIndex((part, i) => part !== before[i]);
  return at >= 0 && place[at]! > before[at]!;
}
