/**
 * What waits for one host, in a line a shardlet. While a host is busy the lines grow longer, and a call that
 * takes whole lines has fewer and larger groups than one that takes events in the order in which they came:
 * a group costs the host as much as several events. Inside a line the order is kept, which is all that order
 * needs; between lines the one that has waited longest comes first, and one of which a part is left goes to
 * the end, so that a hot shardlet does not keep the others waiting. A shardlet whose events are on their way
 * waits for their answer, so that several calls may be on their way and the order of every key is kept.
 */
import { type Intake, type Run, runsOf } from './intake.ts';

export interface ShardletLine {
  readonly shardlet: number;
  /** two parallel lists, oldest first */
  readonly intakes: Intake[];
  readonly indices: number[];
}

type Lines = Map<number, ShardletLine>;

export class ShardletLines {
  /** may be taken */
  private ready: Lines = new Map();
  /** wait until the events before them have their answer */
  private behind: Lines = new Map();
  private readonly underway = new Set<number>();

  /** whether nothing may be taken */
  get isEmpty(): boolean {
    return this.ready.size === 0;
  }

  push({ intake, indices }: Run): void {
    for (const i of indices) {
      const shardlet = intake.shardlet[i]!;
      const lines = this.linesOf(shardlet);
      const line = lines.get(shardlet);
      if (line === undefined) lines.set(shardlet, { shardlet, intakes: [intake], indices: [i] });
      else {
        line.intakes.push(intake);
        line.indices.push(i);
      }
    }
  }

  /** For events that were on their way before those that wait here. */
  pushFront(runs: readonly Run[]): void {
    const later = [this.ready, this.behind];
    this.ready = new Map();
    this.behind = new Map();
    for (const run of runs) this.push(run);
    for (const lines of later) for (const line of lines.values()) this.append(line);
  }

  /** The line that has waited longest. */
  first(): ShardletLine | undefined {
    return this.ready.values().next().value;
  }

  /** Takes `count` events off the front of a line; what is left waits behind the others. */
  take({ shardlet, intakes, indices }: ShardletLine, count: number): void {
    this.ready.delete(shardlet);
    if (count === indices.length) return;
    this.append({ shardlet, intakes: intakes.slice(count), indices: indices.slice(count) });
  }

  /** Events of these shardlets are on their way: what waits for them is not taken before `arrived`. */
  depart(shardlets: Iterable<number>): void {
    for (const shardlet of shardlets) {
      this.underway.add(shardlet);
      move(shardlet, this.ready, this.behind);
    }
  }

  arrived(shardlets: Iterable<number>): void {
    for (const shardlet of shardlets) {
      this.underway.delete(shardlet);
      move(shardlet, this.behind, this.ready);
    }
  }

  /** Takes out everything, in order. */
  drain(): Run[] {
    const runs = [...this.ready.values(), ...this.behind.values()].flatMap(runsOfLine);
    this.ready.clear();
    this.behind.clear();
    return runs;
  }

  private linesOf(shardlet: number): Lines {
    return this.underway.has(shardlet) ? this.behind : this.ready;
  }

  private append(line: ShardletLine): void {
    const lines = this.linesOf(line.shardlet);
    if (!lines.has(line.shardlet)) lines.set(line.shardlet, line);
    else for (const run of runsOfLine(line)) this.push(run);
  }
}

function move(shardlet: number, from: Lines, to: Lines): void {
  const line = from.get(shardlet);
  if (line === undefined) return;
  from.delete(shardlet);
  to.set(shardlet, line);
}

export function runsOfLine({ intakes, indices }: ShardletLine): Run[] {
  return runsOf(intakes, indices, 0, indices.length);
}
