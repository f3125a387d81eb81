/**
 * How numbers are written, everywhere the same: decimal units (1 MB = 1,000,000 bytes), three significant
 * digits for what changes each second, every digit for what is counted.
 */
const NBSP = '\u00a0';
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SCALES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Exact: 100,000 */
export function formatCount(n: number): string {
  return grouped.format(n);
}

/** "1 host", "1,200 hosts" */
export function formatCounted(n: number, what: string): string {
  return `${formatCount(n)} ${what}${n === 1 ? '' : 's'}`;
}

/** For a rate: 0, 0.4, 27, 9,876, 12.3k, 4.56M */
export function formatRate(n: number): string {
  if (n === 0) return '0';
  if (n < 0.1) return '<0.1';
  if (n < 10) return trimmed(n, 1);
  if (n < 9_999.5) return grouped.format(n);
  return scaled(n);
}

/** 0 B, 812 B, 1.2 kB, 34.5 MB */
export function formatBytes(n: number): string {
  if (n < 999.5) return `${Math.round(n)}${NBSP}B`;
  const text = scaled(n);
  return `${text.slice(0, -1)}${NBSP}${text.slice(-1)}B`;
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return `<0.1${NBSP}%`;
  return `${percent < 10 ? trimmed(percent, 1) : Math.round(percent)}${NBSP}%`;
}

function scaled(n: number): string {
  for (const [size, unit] of SCALES) {
    const value = n / size;
    // 999.6 k is written 1 M, not 1,000 k
    if (value >= 0.9995) return `${trimmed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)}${unit}`;
  }
  return trimmed(n, 0);
}

function trimmed(n: number, decimals: number): string {
  return Number(n.toFixed(decimals)).toString();
}
