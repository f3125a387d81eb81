/** Hits of a cache that knows the future: it lets go what is used again last, if ever (Belady 1966). */

/** `keys`: numbers from 0 on. What is used again later than all that is held is not kept at all. */
export function bestHits(keys: Int32Array, capacity: number): number {
  const next = nextUses(keys);
  /** by key: when it is used again; -1: it is not held */
  const heldUntil = new Float64Array(keys.reduce((most, key) => Math.max(most, key), 0) + 1).fill(-1);
  const latest = new LatestFirst();
  let held = 0;
  let hits = 0;
  keys.forEach((key, at) => {
    if (heldUntil[key]! >= 0) hits++;
    else held++;
    heldUntil[key] = next[at]!;
    latest.push(next[at]!, key);
    while (held > capacity) {
      const [until, victim] = latest.pop();
      // an older entry of a key that was used since
      if (heldUntil[victim] !== until) continue;
      heldUntil[victim] = -1;
      held--;
    }
  });
  return hits;
}

/** Of each access: when its key is used next. */
function nextUses(keys: Int32Array): Float64Array {
  const next = new Float64Array(keys.length);
  const later = new Map<number, number>();
  for (let at = keys.length - 1; at >= 0; at--) {
    next[at] = later.get(keys[at]!) ?? Number.MAX_SAFE_INTEGER;
    later.set(keys[at]!, at);
  }
  return next;
}

/** A binary heap of (time, key), the latest time on top. */
class LatestFirst {
  private readonly times: number[] = [];
  private readonly keys: number[] = [];

  push(time: number, key: number): void {
    let at = this.times.length;
    for (let above = (at - 1) >> 1; at > 0 && this.times[above]! < time; above = (at - 1) >> 1) {
      this.place(at, this.times[above]!, this.keys[above]!);
      at = above;
    }
    this.place(at, time, key);
  }

  /** REQUIRES that there is one. */
  pop(): [number, number] {
    const top: [number, number] = [this.times[0]!, this.keys[0]!];
    const time = this.times.pop()!;
    const key = this.keys.pop()!;
    const { length } = this.times;
    if (length === 0) return top;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && this.times[child + 1]! > this.times[child]!) child++;
      if (this.times[child]! <= time) break;
      this.place(at, this.times[child]!, this.keys[child]!);
      at = child;
    }
    this.place(at, time, key);
    return top;
  }

  private place(at: number, time: number, key: number): void {
    this.times[at] = time;
    this.keys[at] = key;
  }
}
