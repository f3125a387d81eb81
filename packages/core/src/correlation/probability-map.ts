/**
 * The Prefetch Probability Map: for each type of event, which keys expect it, how likely, in which shardlet and when.
 *
 *   type -> key -> { probability, shardlet, expectedAtMs }
 *
 * What a key expects replaces what it expected before. Each change has a version, so that a reader can ask whether it has the newest map. At
 * most `keysMax` keys: the key that changed longest ago leaves.
 */
export interface Expectation {
  readonly type: string;
  readonly probability: number;
  /** `undefined` where no gap after the key's last type is known yet */
  readonly expectedAtMs: number | undefined;
}

export interface ExpectedEvent extends Expectation {
  readonly key: string;
  readonly shardlet: number;
}

export interface ProbabilityMapOptions {
  readonly keysMax: number;
  /** what is less likely is left out */
  readonly probabilityMin: number;
}

export class ProbabilityMap {
  version = 0;
  private readonly options: ProbabilityMapOptions;
  /** in the order of their last change */
  private readonly byKey = new Map<string, readonly ExpectedEvent[]>();
  private readonly byType = new Map<string, Map<string, ExpectedEvent>>();

  constructor(options: ProbabilityMapOptions) {
    this.options = options;
  }

  get keys(): number {
    return this.byKey.size;
  }

  update(key: string, shardlet: number, expectations: readonly Expectation[]): void {
    const likely = expectations.filter(({ probability }) => probability >= this.options.probabilityMin);
    const known = this.remove(key);
    if (likely.length === 0 && !known) return;
    this.version++;
    if (likely.length === 0) return;
    const events = likely.map((one) => ({ ...one, key, shardlet }));
    this.byKey.set(key, events);
    for (const event of events) this.place(event);
    for (const oldest of this.byKey.keys()) {
      if (this.byKey.size <= this.options.keysMax) break;
      this.remove(oldest);
    }
  }

  /** What is overdue by `graceMs` is not expected any more; what has no time stays until its key changes. */
  expire(nowMs: number, graceMs: number): void {
    for (const [key, events] of this.byKey) {
      const kept = events.filter(
        ({ expectedAtMs }) => expectedAtMs === undefined || expectedAtMs + graceMs >= nowMs,
      );
      if (kept.length === events.length) continue;
      this.version++;
      this.remove(key);
      if (kept.length === 0) continue;
      this.byKey.set(key, kept);
      for (const event of kept) this.place(event);
    }
  }

  /** Most likely first. */
  ofType(type: string): ExpectedEvent[] {
    return [...(this.byType.get(type)?.values() ?? [])].sort(
      (a, b) => b.probability - a.probability || (a.key < b.key ? -1 : 1),
    );
  }

  ofKey(key: string): readonly ExpectedEvent[] {
    return this.byKey.get(key) ?? [];
  }

  /** [shardlet]: events of the type that its keys expect together; more than 1 where several do. */
  expectedByShardlet(type: string): Map<number, number> {
    const sums = new Map<number, number>();
    for (const { shardlet, probability } of this.byType.get(type)?.values() ?? [])
      sums.set(shardlet, (sums.get(shardlet) ?? 0) + probability);
    return sums;
  }

  types(): string[] {
    return [...this.byType.keys()].sort();
  }

  private place(event: ExpectedEvent): void {
    const ofType = this.byType.get(event.type);
    if (ofType === undefined) this.byType.set(event.type, new Map([[event.key, event]]));
    else ofType.set(event.key, event);
  }

  private remove(key: string): boolean {
    const events = this.byKey.get(key);
    if (events === undefined) return false;
    this.byKey.delete(key);
    for (const { type } of events) {
      const ofType = this.byType.get(type)!;
      ofType.delete(key);
      if (ofType.size === 0) this.byType.delete(type);
    }
    return true;
  }
}
