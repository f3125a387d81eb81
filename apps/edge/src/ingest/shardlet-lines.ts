/**
 * What waits for one host, in a line a shardlet. While a host is busy the lines grow longer, and a call that
 * takes whole lines has fewer and larger groups than one that takes events in the order in which they came:
 * a group costs the host as much as several events. Inside a line the order is kept, which is all that order
 * needs; between lines the one that has waited longest comes first, and one of which a part is left goes to
 * the end, so that a hot shardlet does not keep the others waiting.
 */
import { type Intake, type Run, runsOf } from './intake.ts';

export interface ShardletLine {
  readonly shardlet: number;
  /** two parallel lists, oldest first */
  readonly intakes: Intake[];
  readonly indices: number[];
}

export class ShardletLines {
  private lines = new Map<number, ShardletLine>();

  get isEmpty(): boolean {
    return this.lines.size === 0;
  }

  push({ intake, indices }: Run): void {
    for (const i of indices) {
      const shardlet = intake.shardlet[i]!;
      const line = this.lines.get(shardlet);
      if (line === undefined) this.lines.set(shardlet, { shardlet, intakes: [intake], indices: [i] });
      else {
        line.intakes.push(intake);
        line.indices.push(i);
      }
    }
  }

  /** For events that were on their way before those that wait here. */
  pushFront(runs: readonly Run[]): void {
    const later = this.lines;
    this.lines = new Map();
    for (const run of runs) this.push(run);
    for (const line of later.values()) this.append(line);
  }

  /** The line that has waited longest. */
  first(): ShardletLine | undefined {
    return this.lines.values().next().value;
  }

  /** Takes `count` events off the front of a line; what is left waits behind the others. */
  take({ shardlet, intakes, indices }: ShardletLine, count: number): void {
    this.lines.delete(shardlet);
    if (count === indices.length) return;
    this.lines.set(shardlet, { shardlet, intakes: intakes.slice(count), indices: indices.slice(count) });
  }

  /** Takes out everything, in order. */
  drain(): Run[] {
    const runs = [...this.lines.values()].flatMap(runsOfLine);
    this.lines.clear();
    return runs;
  }

  private append(line: ShardletLine): void {
    const earlier = this.lines.get(line.shardlet);
    if (earlier === undefined) this.lines.set(line.shardlet, line);
    else for (const run of runsOfLine(line)) this.push(run);
  }
}

export function runsOfLine({ intakes, indices }: ShardletLine): Run[] {
  return runsOf(intakes, indices, 0, indices.length);
}
