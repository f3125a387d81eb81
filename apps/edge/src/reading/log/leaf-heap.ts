/** A binary heap of the leaves that have records queued, by the place of their first one. */
import type { Leaf } from './leaf.ts';

export class LeafHeap {
  private readonly leaves: Leaf[] = [];

  get size(): number {
    return this.leaves.length;
  }

  get first(): Leaf | undefined {
    return this.leaves[0];
  }

  /** REQUIRES a queued record. */
  add(leaf: Leaf): void {
    leaf.inHeap = true;
    let at = this.leaves.push(leaf) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(leaf, this.leaves[parent]!)) break;
      this.leaves[at] = this.leaves[parent]!;
      at = parent;
    }
    this.leaves[at] = leaf;
  }

  removeFirst(): void {
    const last = this.leaves.pop()!;
    const first = this.leaves[0] ?? last;
    first.inHeap = false;
    if (this.leaves.length === 0) return;
    this.leaves[0] = last;
    this.sinkFirst();
  }

  /** After the first leaf's head has changed. */
  sinkFirst(): void {
    const leaf = this.leaves[0]!;
    const size = this.leaves.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(this.leaves[child + 1]!, this.leaves[child]!)) child++;
      if (!isBefore(this.leaves[child]!, leaf)) break;
      this.leaves[at] = this.leaves[child]!;
      at = child;
    }
    this.leaves[at] = leaf;
  }

  /** For what must leave from the middle: a rare event (a host is skipped, or its records were taken back). */
  remove(leaf: Leaf): void {
    if (!leaf.inHeap) return;
    leaf.inHeap = false;
    const rest = this.leaves.filter((other) => other !== leaf);
    this.leaves.length = 0;
    for (const other of rest) this.add(other);
  }
}

function isBefore(a: Leaf, b: Leaf): boolean {
  return a.headTs < b.headTs || (a.headTs === b.headTs && a.id < b.id);
}
