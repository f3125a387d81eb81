/**
 * Virtual time: what is to happen, in order. Time jumps from one event to the next, so a minute of a cluster
 * takes milliseconds; events of the same instant happen in the order in which they were planned, so equal
 * seeds give equal runs.
 */
import { type Clock, invariant } from '../kernel/index.ts';

export interface Planned {
  readonly atMicros: number;
  readonly order: number;
  readonly happen: () => void;
  cancelled: boolean;
}

export class Schedule implements Clock {
  private micros: number;
  private planned = 0;
  private readonly heap: Planned[] = [];

  constructor(startMicros: number) {
    this.micros = startMicros;
  }

  nowMicros(): number {
    return this.micros;
  }

  /** How many events were planned so far: a measure of the work done. */
  get events(): number {
    return this.planned;
  }

  after(micros: number, happen: () => void): Planned {
    const event = {
      atMicros: this.micros + Math.max(0, Math.ceil(micros)),
      order: this.planned++,
      happen,
      cancelled: false,
    };
    this.push(event);
    return event;
  }

  /** Lets the next event happen if it is due until then, else time goes there; `false` when none was due. */
  step(untilMicros: number): boolean {
    for (let next = this.heap[0]; next !== undefined && next.atMicros <= untilMicros; next = this.heap[0]) {
      this.pop();
      if (next.cancelled) continue;
      invariant(next.atMicros >= this.micros, 'time does not go back');
      this.micros = next.atMicros;
      next.happen();
      return true;
    }
    this.micros = Math.max(this.micros, untilMicros);
    return false;
  }

  private push(event: Planned): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.atMicros < b.atMicros || (a.atMicros === b.atMicros && a.order < b.order);
}
