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
  readonly generation: number;
  private highest: number;
  private found: Regression | undefined;

  /** `seen`: what the host is known to have reached, by whoever saw it */
  constructor(generation: number, seen = 0) {
    this.generation = generation;
    this.highest = seen;
  }

  /** To be taken when a request is sent, and handed to `judge` with its answer. */
  get seen(): number {
    return this.highest;
  }

  get regression(): Regression | undefined {
    return this.found;
  }

  /**
   * `own`: by how much the call itself raised the count. That proves nothing: a host that lost one change and
   * made another is where it was before.
   *
   * @throws HostUnreachable of reason `incarnation` (another generation) or `regressed`
   */
  judge(seenWhenSent: number, answered: Progress, own = 0): void {
    if (answered.generation !== this.generation)
      throw new HostUnreachable(
        'incarnation',
        `the host is in generation ${answered.generation}, the map says ${this.generation}`,
      );
    const before = answered.count - own;
    if (before < seenWhenSent) this.found ??= { seen: seenWhenSent, answered: before };
    this.insistOnProgress();
    this.highest = Math.max(this.highest, answered.count);
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
