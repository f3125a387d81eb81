import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { type Correlation, CorrelationMatrix } from './correlation-matrix.ts';
import { EventTypes } from './event-types.ts';
import { KeyHistories } from './key-histories.ts';

class Log {
  readonly types = new EventTypes(64);
  readonly matrix: CorrelationMatrix;
  private readonly histories = new KeyHistories(2_000, 0);

  constructor(places = 8) {
    this.matrix = new CorrelationMatrix(places);
  }

  add(key: string, type: string, timeMs: number): void {
    const id = this.types.count(type);
    const slot = this.histories.slotOf(key);
    this.matrix.observe(this.histories, slot, id, timeMs, this.types);
    this.histories.push(slot, id, timeMs, []);
  }

  pair(from: string, to: string): Correlation | undefined {
    return this.matrix.correlations(this.types).find((one) => one.from === from && one.to === to);
  }
}

describe('the matrix', () => {
  it('has 1 where B comes if and only if A came, with the lag between them', () => {
    const log = new Log();
    for (let i = 0; i < 40; i++) {
      log.add(`k${i}`, 'A', 1e6 * i);
      log.add(`k${i}`, 'B', 1e6 * i + 5_000);
    }
    const found = log.pair('A', 'B')!;
    expect(found.coefficient).toBeCloseTo(1, 10);
    expect(found).toMatchObject({ samples: 40, isEnough: true });
    for (const lag of Object.values(found.lagMs)) expect(lag).toBe(4_096 * 1.5);
    expect(log.pair('B', 'A')).toBeUndefined();
  });

  it('is below 0 where A keeps B away, and near 0 where A says nothing', () => {
    const log = new Log();
    for (let i = 0; i < 60; i++) {
      log.add(`k${i}`, i % 3 === 0 ? 'A' : 'C', i);
      log.add(`k${i}`, i % 3 === 0 ? 'D' : i % 6 === 1 ? 'D' : 'B', i + 1);
      if (i % 12 === 0) log.add(`k${i}`, 'B', i + 2);
    }
    expect(log.pair('A', 'B')!.coefficient).toBeLessThan(0);
    expect(log.pair('C', 'B')!.coefficient).toBeGreaterThan(0.3);
  });

  it('says where the samples are too few', () => {
    const log = new Log();
    log.add('k', 'A', 0);
    log.add('k', 'B', 10);
    expect(log.pair('A', 'B')).toMatchObject({ samples: 1, isEnough: false });
  });

  it('takes the last of several A as the one that B followed', () => {
    const log = new Log();
    log.add('k', 'A', 0);
    log.add('k', 'A', 60_000);
    log.add('k', 'B', 60_001);
    expect(log.pair('A', 'B')).toMatchObject({ samples: 1, lagMs: { p50: 2 } });
  });

  it('tells short lags from long ones', () => {
    const log = new Log();
    for (let i = 0; i < 20; i++) {
      log.add(`k${i}`, 'A', 0);
      log.add(`k${i}`, 'B', i < 16 ? 0 : 1_000_000);
    }
    expect(log.pair('A', 'B')!.lagMs).toEqual({ p10: 0, p50: 0, p90: 2 ** 19 * 1.5 });
  });

  it('puts pairs with enough samples first, the strongest at the top', () => {
    const log = new Log();
    for (let i = 0; i < 60; i++) {
      log.add(`k${i}`, 'A', i);
      log.add(`k${i}`, i % 2 === 0 ? 'B' : 'C', i + 1);
    }
    log.add('x', 'R', 0);
    log.add('x', 'S', 1);
    const all = log.matrix.correlations(log.types);
    expect(all.map(({ isEnough }) => isEnough)).toEqual([true, true, false]);
    expect(Math.abs(all[0]!.coefficient)).toBeGreaterThanOrEqual(Math.abs(all[1]!.coefficient));
  });

  it('gives the place of the rarest type to one that became more frequent, without its samples', () => {
    const log = new Log(2);
    for (let i = 0; i < 3; i++) log.add('a', i === 1 ? 'B' : 'A', i);
    expect(log.pair('B', 'A')).toBeDefined();
    for (let i = 0; i < 20; i++) log.add('c', 'C', 10 + i);
    expect(log.pair('B', 'A')).toBeUndefined();
    expect(log.pair('C', 'C')!.samples).toBeGreaterThan(5);
  });

  it('comes back from bytes as it was', () => {
    const log = new Log();
    for (let i = 0; i < 10; i++) log.add('k', 'ABC'[i % 3]!, i * 1_000);
    const out = new ByteWriter();
    log.matrix.write(out);
    const again = new CorrelationMatrix(8);
    again.read(new ByteReader(out.finish()));
    expect(again.correlations(log.types)).toEqual(log.matrix.correlations(log.types));
  });
});
