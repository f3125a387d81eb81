/**
 * Two pictures of the future: steps of five minutes for the next two hours, steps of an hour for the next day.
 * Each has one step more than its horizon, because the step that runs now is partly over.
 */
export const RESOLUTIONS = {
  '5m': {
    stepMs: 300_000,
    horizon: 25,
    pastMs: 7 * 86_400_000,
    sharesMs: 25 * 3_600_000,
    keptMs: 2 * 86_400_000,
  },
  // two months show each hour of the week eight times
  '1h': {
    stepMs: 3_600_000,
    horizon: 25,
    pastMs: 56 * 86_400_000,
    sharesMs: 10 * 86_400_000,
    keptMs: 60 * 86_400_000,
  },
} as const;
export type Resolution = keyof typeof RESOLUTIONS;
export const RESOLUTION_NAMES = Object.keys(RESOLUTIONS) as Resolution[];

/** The finest picture that reaches so far. */
export function resolutionFor(horizonMs: number): Resolution {
  return horizonMs <= 24 * RESOLUTIONS['5m'].stepMs ? '5m' : '1h';
}
