/** A seeded source of numbers in [0, 1): pure code never calls Math.random, so every run can be replayed. */
export interface Random {
  next(): number;
}

/** mulberry32 (Tommy Ettinger): 32 bits of state, good enough for jitter, sampling and simulation. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
    },
  };
}
