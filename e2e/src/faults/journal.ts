/**
 * What the clients know, and nothing else: which events they have sent, which were acknowledged and as what,
 * which were refused. A checker compares it with what readers see, so it must not learn anything from them.
 */
export interface Sent {
  readonly id: string;
  readonly key: string;
  /** how many events of this key had been acknowledged when this one was sent first: all of them come before it */
  readonly after: number;
  readonly atMs: number;
}

export interface Acknowledged extends Sent {
  readonly status: 'stored' | 'duplicate';
  readonly shardlet: number;
  readonly seq: number;
  /** a duplicate is answered without its time */
  readonly ts: number | undefined;
  /** which answer told it: events of one key that one answer tells are in the order in which they were sent */
  readonly answer: number;
  readonly acknowledgedAtMs: number;
}

export interface Refused {
  readonly id: string;
  readonly key: string;
  /** a code of docs/errors.md, or what became of the connection */
  readonly cause: string;
  readonly atMs: number;
}

export type Result = Pick<Acknowledged, 'id' | 'status' | 'shardlet' | 'seq'> & { readonly ts?: number };

export class Journal {
  readonly acknowledged: Acknowledged[] = [];
  readonly refused: Refused[] = [];
  private readonly sentById = new Map<string, Sent>();
  private readonly countByKey = new Map<string, number>();
  private answers = 0;

  get sentIds(): ReadonlySet<string> {
    return new Set(this.sentById.keys());
  }

  /** Only the first time counts: a repeat is the same event. */
  send(id: string, key: string): void {
    if (this.sentById.has(id)) return;
    this.sentById.set(id, { id, key, after: this.countByKey.get(key) ?? 0, atMs: Date.now() });
  }

  /** The acknowledged ones of one answer, in its order. REQUIRES that they were sent. */
  acknowledge(results: readonly Result[]): void {
    const answer = this.answers++;
    for (const { id, status, shardlet, seq, ts } of results) {
      const sent = this.sentById.get(id)!;
      this.countByKey.set(sent.key, (this.countByKey.get(sent.key) ?? 0) + 1);
      this.acknowledged.push({
        ...sent,
        status,
        shardlet,
        seq,
        ts,
        answer,
        acknowledgedAtMs: Date.now(),
      });
    }
  }

  refuse(ids: readonly string[], cause: string): void {
    const atMs = Date.now();
    for (const id of ids) this.refused.push({ id, key: this.sentById.get(id)!.key, cause, atMs });
  }

  ofKey(key: string): Acknowledged[] {
    return this.acknowledged.filter((event) => event.key === key);
  }

  /** What the clients were told since then by way of refusal, each cause once. */
  causesSince(atMs: number): string[] {
    return [...new Set(this.refused.filter((r) => r.atMs >= atMs).map((r) => r.cause))].sort();
  }

  /** The longest that any event sent since then has waited for its acknowledgement. */
  longestWaitMs(sinceMs: number, includes: (event: Acknowledged) => boolean = () => true): number {
    const events = this.acknowledged.filter((e) => e.acknowledgedAtMs >= sinceMs && includes(e));
    return Math.max(0, ...events.map((e) => e.acknowledgedAtMs - e.atMs));
  }
}
