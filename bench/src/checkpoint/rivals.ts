/** The rules that checkpoints are usually taken by: every so often, and every so many events. */
import type { Scene } from './scene.ts';

/** places of the first checkpoint that are tried, as parts of an interval; the best one counts, of each figure its own */
const PHASES = 16;

export interface Backlog {
  readonly p99: number;
  readonly max: number;
}

export function backlogOf(scene: Scene, checkpoints: readonly number[]): Backlog {
  const sorted = scene.backlogs(checkpoints);
  return { p99: sorted[Math.floor(0.99 * sorted.length)]!, max: sorted.at(-1)! };
}

export function bestInterval(scene: Scene, count: number): Backlog {
  return best(phases().map((phase) => backlogOf(scene, everyInterval(scene, count, phase))));
}

export function bestCount(scene: Scene, count: number): Backlog {
  return best(phases().map((phase) => backlogOf(scene, everyCount(scene, count, phase))));
}

/** `count` checkpoints; the first after `phase` of an interval. */
export function everyInterval(scene: Scene, count: number, phase = 1): number[] {
  const minutes = scene.minutes / count;
  return Array.from({ length: count }, (_, i) => (i + phase) * minutes).filter((at) => at < scene.minutes);
}

export function everyCount(scene: Scene, count: number, phase = 1): number[] {
  const events = scene.before[scene.minutes]! / count;
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const moment = scene.momentOf((i + phase) * events, Math.floor(taken.at(-1) ?? 0));
    if (moment === undefined) break;
    taken.push(moment);
  }
  return taken;
}

function phases(): number[] {
  return Array.from({ length: PHASES }, (_, i) => (i + 1) / PHASES);
}

function best(all: readonly Backlog[]): Backlog {
  return { p99: Math.min(...all.map(({ p99 }) => p99)), max: Math.min(...all.map(({ max }) => max)) };
}
