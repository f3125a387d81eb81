/** The best of 24 tries each of `npm run bench -- policy --tune --rounds 24`; see tuning.ts for what is searched. */
export const TUNED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  cockroachdb: { everyMinutes: 10, splitAbove: 0.2, tolerance: 0.02, floor: 0 },
  'tikv-pd': { everyMinutes: 2, splitAbove: 0.15, tolerance: 0.05, operators: 1 },
  pulsar: { everyMinutes: 1, splitAbove: 0.2, tolerance: 0.1, graceMinutes: 10 },
  // the same planner without forecasts does best with other settings than with them
  reactive: { fullness: 0.8, hysteresis: 0, standsOut: 0.1, moveCost: 0.01, shardletShare: 0.06 },
};
