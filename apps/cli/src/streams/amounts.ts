/** Times and sizes as people write them on a command line, or `none` for no limit; nonsense is undefined. */
export type Amount = number | 'none';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const UNITS_BYTES = { '': 1, kb: 1_000, mb: 1_000_000, gb: 1_000_000_000 } as const;

export function parseDuration(text: string): Amount | undefined {
  if (text === 'none') return text;
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

export function parseBytes(text: string): Amount | undefined {
  if (text === 'none') return text;
  const [, amount, unit] = /^(\d+)(kb|mb|gb|)$/.exec(text.toLowerCase()) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS_BYTES[unit as keyof typeof UNITS_BYTES];
}

/** In the largest unit that fits without a remainder. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm'] as const)
    if (ms % UNITS_MS[unit] === 0) return `${ms / UNITS_MS[unit]}${unit}`;
  return `${ms / UNITS_MS.s}s`;
}
