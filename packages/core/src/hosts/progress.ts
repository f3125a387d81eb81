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

export interface Progress {
  /** version of the decision that accepted the host's last loss; 0: none */
  readonly generation: number;
  /** calls that changed something since then or since the host joined; at least 0, below 2^53 */
  readonly count: number;
}

/** What a process has seen, and what it was answered after that. */
export interface Regression {
  readonly seen: number;
  readonly answered: number;
}

export class ProgressWatch {
  readonly generation: number;
  private readonly accepted: number | undefined;
  private highest: number;
  private found: Regression | undefined;

  /**
   * `seen`: what the host is known to have reached, by whoever saw it. `accepted`: the generation in which its
   * loss was accepted, for whoever readmits it: until it has begun that one, it is in any earlier one.
   */
  constructor(generation: number, seen = 0, accepted?: number) {
    this.generation = generation;
    this.accepted = accepted;
    this.highest = seen;
  }

  /** To be taken when a request is sent, and handed to `judge` with its answer. */
  get seen(): number {
    return this.highest;
  }

  get regression(): Regression | undefined {
    return this.found;
  }

  /** @throws HostUnreachable of reason `incarnation` (another generation) or `regressed` */
  judge(seenWhenSent: number, answered: Progress): void {
    if (!this.fits(answered.generation))
      throw new HostUnreachable(
        'incarnation',
        `the host is in generation ${answered.generation}, the map says ${this.generation}`,
      );
    if (answered.count < seenWhenSent) this.found ??= { seen: seenWhenSent, answered: answered.count };
    this.insistOnProgress();
    this.highest = Math.max(this.highest, answered.count);
  }

  private fits(generation: number): boolean {
    return generation === this.generation || (this.accepted !== undefined && generation <= this.accepted);
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
