/**
 * The front of a merge: every leaf is either queued (its first record stands in a heap), or it holds the log
 * back at the time below which nothing more can come from it. That bound is its host's promise while it is
 * idle, and its own while it is stuck. Idle leaves are kept by host, so that one answer moves them all.
 */
import { type Leaf, NONE, type Place, QUEUED, STUCK } from './leaf.ts';
import { LeafHeap } from './leaf-heap.ts';

export class MergeFront {
  private readonly heap = new LeafHeap();
  private readonly stuck = new Set<Leaf>();
  private readonly idleByHost = new Map<number, Set<Leaf>>();
  private readonly promises = new Map<number, number>();

  /** The leaf whose first record is next in order. */
  get first(): Leaf | undefined {
    return this.heap.first;
  }

  /** Nothing at or below this can come that is not queued already. */
  get bound(): number {
    let bound = Number.POSITIVE_INFINITY;
    for (const leaf of this.stuck) bound = Math.min(bound, leaf.bound);
    for (const [host, idle] of this.idleByHost)
      if (idle.size > 0) bound = Math.min(bound, this.promised(host));
    return bound;
  }

  /** Leaves that are being read: they share the memory. */
  get active(): number {
    return this.heap.size + this.stuck.size;
  }

  get isStuck(): boolean {
    return this.stuck.size > 0;
  }

  /** Leaves with nothing queued that no promise holds for. */
  get stuckLeaves(): Iterable<Leaf> {
    return this.stuck;
  }

  /** The hosts of the leaves that have nothing queued. */
  blockers(): Set<number> {
    const hosts = new Set<number>();
    for (const leaf of this.stuck) hosts.add(leaf.host);
    for (const [host, idle] of this.idleByHost) if (idle.size > 0) hosts.add(host);
    return hosts;
  }

  promised(host: number): number {
    return this.promises.get(host) ?? 0;
  }

  promise(host: number, hostLast: number): void {
    this.promises.set(host, hostLast);
  }

  /** What this leaf alone holds back. */
  boundOf(leaf: Leaf): number {
    if (leaf.place.kind === 'idle') return this.promised(leaf.place.host);
    return leaf.place.kind === 'stuck' ? leaf.bound : Number.POSITIVE_INFINITY;
  }

  /** Before an idle leaf leaves its host's group, or its host's answer changes: what was promised so far is its own. */
  freeze(leaf: Leaf): void {
    if (leaf.isAtEndOfOpen) leaf.safe = Math.max(leaf.safe, this.promised(leaf.sighting!.host));
  }

  /** After any change of a leaf but the taking of its first record. */
  put(leaf: Leaf, isOver: boolean): void {
    if (leaf.queued > 0 && !leaf.inHeap) this.heap.add(leaf);
    const place = placeOf(leaf, isOver);
    if (leaf.place.kind === 'stuck') this.stuck.delete(leaf);
    if (leaf.place.kind === 'idle') this.idleByHost.get(leaf.place.host)!.delete(leaf);
    leaf.place = place;
    if (place.kind === 'stuck') this.stuck.add(leaf);
    if (place.kind === 'idle') this.idleOn(place.host).add(leaf);
  }

  /** After the first leaf's first record was taken. */
  advanceFirst(): void {
    if (this.heap.first!.queued > 0) this.heap.sinkFirst();
    else this.heap.removeFirst();
  }

  /** Takes back what is queued of a leaf. */
  withdraw(leaf: Leaf): void {
    this.heap.remove(leaf);
    leaf.clear();
  }

  private idleOn(host: number): Set<Leaf> {
    let idle = this.idleByHost.get(host);
    if (idle === undefined) this.idleByHost.set(host, (idle = new Set()));
    return idle;
  }
}

function placeOf(leaf: Leaf, isOver: boolean): Place {
  if (leaf.queued > 0) return QUEUED;
  if (isOver) return NONE;
  return leaf.isAtEndOfOpen ? { kind: 'idle', host: leaf.sighting!.host } : STUCK;
}
