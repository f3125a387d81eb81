import type { anticipation, OutputOf } from '@foreshard/core/operations';

export type Surges = OutputOf<typeof anticipation.surges>;
export type Announced = Surges['announced'][number];

const DIGITS = 3;

export function partOfKeys({ from, to }: Announced['target']): string {
  return `${from.toFixed(DIGITS)} to ${to.toFixed(DIGITS)}`;
}

export function surgeState({ cameAt, expectedAt }: Pick<Announced, 'cameAt' | 'expectedAt'>): string {
  const clock = (time: string) => `${time.slice(11, 16)} UTC`;
  return cameAt === null ? `expected at ${clock(expectedAt)}` : `came at ${clock(cameAt)}`;
}
