/**
 * Hosts in the order of their pressure, coolest first, as a binary heap that can be corrected in the middle: a move changes two
 * hosts, and re-sorting ten thousand for it would cost more than the move saves. Ties go to the lower index, so that
 * equal inputs give equal plans.
 */
export class HostHeap {
  private readonly heap: Int32Array;
  /** place of a host in the heap; -1: not in it */
  private readonly place: Int32Array;
  private readonly key: Float64Array;
  private size = 0;

  constructor(key: Float64Array, members: Iterable<number>) {
    this.key = key;
    this.heap = new Int32Array(key.length);
    this.place = new Int32Array(key.length).fill(-1);
    for (const host of members) {
      this.heap[this.size] = host;
      this.place[host] = this.size++;
    }
    for (let at = (this.size >> 1) - 1; at >= 0; at--) this.down(at);
  }

  /** The coolest host, or the next one when that is `except`. */
  firstBut(except: number): number | undefined {
    if (this.size === 0) return undefined;
    if (this.heap[0] !== except) return this.heap[0];
    const next = this.size > 2 && this.before(this.heap[2]!, this.heap[1]!) ? 2 : 1;
    return next < this.size ? this.heap[next] : undefined;
  }

  /** The host's pressure has changed. */
  update(host: number): void {
    const at = this.place[host]!;
    if (at < 0) return;
    this.up(at);
    this.down(this.place[host]!);
  }

  /**
   * Calls `visit` for hosts in their order until it answers false; the heap stays as it is. Only the frontier of the
   * walk is kept, so looking at the first few of ten thousand touches a few dozen.
   */
  walk(visit: (host: number) => boolean): void {
    const frontier: number[] = this.size > 0 ? [0] : [];
    while (frontier.length > 0) {
      let best = 0;
      for (let i = 1; i < frontier.length; i++)
        if (this.before(this.heap[frontier[i]!]!, this.heap[frontier[best]!]!)) best = i;
      const at = frontier[best]!;
      frontier[best] = frontier[frontier.length - 1]!;
      frontier.pop();
      if (!visit(this.heap[at]!)) return;
      if (2 * at + 1 < this.size) frontier.push(2 * at + 1);
      if (2 * at + 2 < this.size) frontier.push(2 * at + 2);
    }
  }

  private before(a: number, b: number): boolean {
    const difference = this.key[a]! - this.key[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }

  private up(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(this.heap[at]!, this.heap[parent]!)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  private down(start: number): void {
    let at = start;
    for (;;) {
      let next = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < this.size; child++)
        if (this.before(this.heap[child]!, this.heap[next]!)) next = child;
      if (next === at) return;
      this.swap(at, next);
      at = next;
    }
  }

  private swap(a: number, b: number): void {
    const host = this.heap[a]!;
    this.heap[a] = this.heap[b]!;
    this.heap[b] = host;
    this.place[this.heap[a]!] = a;
    this.place[host] = b;
  }
}
