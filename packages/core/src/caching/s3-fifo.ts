/**
 * Which entries to let go when there is no room (S3-FIFO: Yang et al., "FIFO queues are all you need for cache
 * eviction", SOSP 2023):
 *
 *   new --> small --used again--> main --used again--> back to the end of main
 *             \--never--> ghost (the key alone)  \--not--> gone
 *   new, and its key is a ghost --> main
 *
 * Most entries are used once; they leave by the small queue and do not push out what is used often. The settings
 * were measured beside others, and beside W-TinyLFU, on recorded accesses (docs/decisions/0029-a-cache-of-shardlets.md).
 */

/** Of the budget, for entries that have not shown yet that they are used again. */
const SMALL_SHARE = 0.1;
/** Of the budget: as much as ghosts stand for. */
const GHOST_SHARE = 1;
/** An entry survives so many rounds of the main queue without another use. */
const USES_MAX = 7;

interface Entry {
  cost: number;
  uses: number;
}

export class S3Fifo {
  private readonly small = new Map<string, Entry>();
  private readonly main = new Map<string, Entry>();
  /** the cost that each had */
  private readonly ghosts = new Map<string, number>();
  private smallCost = 0;
  private mainCost = 0;
  private ghostCost = 0;
  private readonly costMax: number;

  constructor(costMax: number) {
    this.costMax = costMax;
  }

  get cost(): number {
    return this.smallCost + this.mainCost;
  }

  get size(): number {
    return this.small.size + this.main.size;
  }

  use(key: string): void {
    const entry = this.small.get(key) ?? this.main.get(key);
    if (entry !== undefined && entry.uses < USES_MAX) entry.uses++;
  }

  /** A new entry, or one that costs something else now. Answers what has to go, maybe this one. */
  put(key: string, cost: number): string[] {
    if (!this.recost(key, cost)) {
      const isMain = this.dropGhost(key);
      (isMain ? this.main : this.small).set(key, { cost, uses: 0 });
      if (isMain) this.mainCost += cost;
      else this.smallCost += cost;
    }
    const evicted: string[] = [];
    while (this.cost > this.costMax)
      if (this.main.size === 0 || this.smallCost > this.costMax * SMALL_SHARE) this.evictSmall(evicted);
      else this.evictMain(evicted);
    return evicted;
  }

  remove(key: string): void {
    this.smallCost -= this.small.get(key)?.cost ?? 0;
    this.mainCost -= this.main.get(key)?.cost ?? 0;
    this.small.delete(key);
    this.main.delete(key);
  }

  private recost(key: string, cost: number): boolean {
    const inSmall = this.small.get(key);
    const entry = inSmall ?? this.main.get(key);
    if (entry === undefined) return false;
    if (inSmall === undefined) this.mainCost += cost - entry.cost;
    else this.smallCost += cost - entry.cost;
    entry.cost = cost;
    return true;
  }

  /** REQUIRES one in the small queue. */
  private evictSmall(evicted: string[]): void {
    const [key, { cost, uses }] = first(this.small);
    this.small.delete(key);
    this.smallCost -= cost;
    if (uses > 0) {
      this.main.set(key, { cost, uses: 0 });
      this.mainCost += cost;
    } else {
      evicted.push(key);
      this.remember(key, cost);
    }
  }

  /** REQUIRES one in the main queue. */
  private evictMain(evicted: string[]): void {
    for (;;) {
      const [key, entry] = first(this.main);
      this.main.delete(key);
      if (entry.uses === 0) {
        this.mainCost -= entry.cost;
        evicted.push(key);
        return;
      }
      this.main.set(key, { cost: entry.cost, uses: entry.uses - 1 });
    }
  }

  private remember(key: string, cost: number): void {
    this.ghosts.set(key, cost);
    this.ghostCost += cost;
    while (this.ghostCost > this.costMax * GHOST_SHARE) this.dropGhost(first(this.ghosts)[0]);
  }

  private dropGhost(key: string): boolean {
    this.ghostCost -= this.ghosts.get(key) ?? 0;
    return this.ghosts.delete(key);
  }
}

function first<V>(map: ReadonlyMap<string, V>): [string, V] {
  return map.entries().next().value!;
}
