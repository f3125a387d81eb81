import { expect, it } from 'vitest';
import { PieceTrust } from './piece-trust.ts';

it('believes each forecast as far as it has lately been nearer to the truth than the part of the total', () => {
  const trust = new PieceTrust();
  expect(trust.of(0)).toBe(1);
  for (let step = 0; step < 60; step++) {
    const load = (at: number) => 100 + 20 * Math.sin(at / 2);
    const now = Float64Array.of(load(step), load(step));
    // the first is forecast well, the second is forecast as if it were another
    trust.learn(step, now, (piece, ahead) => (piece === 0 ? load(step + 1 + ahead) : 300), [1, 1]);
  }
  expect(trust.of(0)).toBeGreaterThan(0.95);
  expect(trust.of(1)).toBeLessThan(0.05);
});
