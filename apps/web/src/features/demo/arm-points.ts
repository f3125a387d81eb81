/** A run as points of a chart: what was measured, and what was forecast when the first plan was made; until then, what is now. */
import type { DemoRun, DemoStatus } from '@foreshard/core/demo';

export interface ArmPoint {
  readonly second: number;
  readonly refused?: number;
  /** of the busy host */
  readonly middle?: number;
  readonly band?: readonly [number, number];
  /** asked of each host, by its place */
  readonly [host: `host${number}`]: number | undefined;
}

type Forecast = NonNullable<DemoRun['forecast']>;

export function pointsOf(
  { samples, forecast, foreseen }: DemoRun,
  { clock, busyHost }: DemoStatus,
): ArmPoint[] {
  const points = new Map<number, ArmPoint>();
  const add = (point: ArmPoint) => points.set(point.second, { ...points.get(point.second), ...point });
  for (const { second, loads, refused } of samples) add({ second, refused, ...byHost(loads) });
  const shown = foreseen ?? forecast;
  if (shown !== null) {
    // it begins where the load was
    const joint = samples.find(({ second }) => second === shown.second)?.loads[busyHost];
    if (joint !== undefined) add({ second: shown.second, middle: joint, band: [joint, joint] });
    for (const point of aheadOf(shown)) if (point.second <= clock.runSeconds) add(point);
  }
  return [...points.values()].sort((a, b) => a.second - b.second);
}

function aheadOf({ second, low, middle, high }: Forecast): ArmPoint[] {
  return middle.map((value, step) => ({
    second: second + step + 1,
    middle: value,
    band: [low[step]!, high[step]!] as const,
  }));
}

function byHost(loads: readonly number[]): Record<`host${number}`, number> {
  return Object.fromEntries(loads.map((load, i) => [`host${i}`, load]));
}
