/** Finds a shardlet of which nothing is processed, though its group processes much of the others. */
export interface ShownShardlet {
  readonly shardlet: number;
  readonly seq: number;
  readonly lag: number | null;
  readonly why: { readonly kind: string } | null;
}

/** So many events of others: about 16 s of the load of the scene. A killed or frozen host takes less. */
const MEANWHILE_MAX = 4_000;

export class StarvationWatch {
  readonly faults: string[] = [];
  /** by group and shardlet: where it has been standing, and what its group had processed when it came there */
  private readonly standing = new Map<string, { readonly seq: number; readonly processed: number }>();

  look(group: string, shardlets: readonly ShownShardlet[]): void {
    const processed = shardlets.reduce((sum, { seq }) => sum + seq, 0);
    for (const { shardlet, seq, lag, why } of shardlets) {
      const key = `${group} ${shardlet}`;
      const known = this.standing.get(key);
      const hasWork = lag !== null && lag > 0 && why?.kind !== 'waits';
      if (!hasWork || known?.seq !== seq) {
        this.standing.set(key, { seq, processed });
        continue;
      }
      if (processed - known.processed < MEANWHILE_MAX) continue;
      this.faults.push(`${group}: shardlet ${shardlet} stands at ${seq}, ${lag} events before its end`);
      this.standing.set(key, { seq, processed });
    }
  }
}
