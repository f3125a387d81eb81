/**
 * Proof that a host has not gone back to an older state. Every host counts the calls that changed something,
 * and every answer carries the count. A process compares each answer with what it had seen when it SENT the
 * request: a host that answers less has lost what it acknowledged (docs/architecture/protocol.md, Progress).
 *
 * Counts are compared within one generation only: accepting a loss begins a new one, known to the topology
 * store, and an answer of any other generation comes from a host that the map does not describe.
 *
 * Once a host has answered too little, the process refuses it until the topology store says otherwise: the
 * count alone may be overtaken by later appends, the loss stays.
 */
import { HostUnreachable } from './event-host.ts';
import type { Progress } from './progress.ts';

/** What a process has seen, and what it was answered after that. */
export interface Regression {
  readonly seen: number;
  readonly answered: number;
}

export class ProgressWatch {
  private known: number;
  private readonly next: number | undefined;
  private highest: number;
  /** of the newest mark that this process knows to be confirmed, now and when it saw the highest count */
  private promise = 0;
  private certain = 0;
  private found: Regression | undefined;
  private older: number | undefined;

  /**
   * `seen`: what the host is known to have reached, by whoever saw it. `next`: the generation that it may
   * begin meanwhile, for who readmits it after a loss; the count goes on.
   */
  constructor(generation: number, seen = 0, next?: number) {
    this.known = generation;
    this.highest = seen;
    this.next = next;
  }

  get generation(): number {
    return this.known;
  }

  /** To be taken when a request is sent, and handed to `judge` with its answer. */
  get seen(): number {
    return this.highest;
  }

  get regression(): Regression | undefined {
    return this.found;
  }

  /** It answered in this generation again, after the one that the map knows: in a state of before a loss was accepted. */
  get olderGeneration(): number | undefined {
    return this.older;
  }

  /** Up to here nothing is missing on a host that went back since this process saw its highest count. */
  get certainTs(): number {
    return this.certain;
  }

  /** Of a mark that was confirmed: what the host answers from now on comes after it. */
  notePromise(promise: number): void {
    this.promise = Math.max(this.promise, promise);
  }

  /**
   * `own`: by how much the call itself raised the count. That proves nothing: a host that lost one change and
   * made another is where it was before.
   *
   * @throws HostUnreachable of reason `incarnation` (another generation) or `regressed`
   */
  judge(seenWhenSent: number, answered: Progress, own = 0): void {
    if (answered.generation === this.next) this.known = this.next;
    if (answered.generation < this.generation) this.older ??= answered.generation;
    if (answered.generation !== this.generation)
      throw new HostUnreachable(
        'incarnation',
        `the host is in generation ${answered.generation}, the map says ${this.generation}`,
      );
    const before = answered.count - own;
    if (before < seenWhenSent) this.found ??= { seen: seenWhenSent, answered: before };
    this.insistOnProgress();
    if (answered.count <= this.highest) return;
    this.highest = answered.count;
    this.certain = this.promise;
  }

  /** @throws HostUnreachable of reason `regressed` when the host has answered too little before */
  insistOnProgress(): void {
    if (this.found === undefined) return;
    const { seen, answered } = this.found;
    throw new HostUnreachable(
      'regressed',
      `the host went back from change ${seen} to ${answered}: it may have lost acknowledged events`,
    );
  }

  /** The claim was examined and denied: what the host answers from now on counts. */
  dismiss(): void {
    this.found = undefined;
    this.highest = 0;
  }
}
