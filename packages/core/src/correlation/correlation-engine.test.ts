import { describe, expect, it } from 'vitest';
import { CorrelationEngine, type EngineOptions } from './correlation-engine.ts';
import { attributeLog, deterministicLog } from './event-logs.fixture.ts';

const OPTIONS: EngineOptions = {
  model: {
    ...{ attributes: ['a', 'noise'], keysMax: 100, typesMax: 64 },
    ...{ contextsMax: 1 << 12, wideContextsMax: 1 << 9 },
  },
  map: { keysMax: 50, probabilityMin: 0.2 },
};

function fed(engine: CorrelationEngine, log: ReturnType<typeof attributeLog>): CorrelationEngine {
  for (const event of log) engine.observe(event, Number(event.key.slice(4)) % 3);
  return engine;
}

describe('the engine', () => {
  it('expects of each key what comes next, in its shardlet, after the usual gap', () => {
    const log = deterministicLog(1, 3_000);
    const engine = fed(new CorrelationEngine(OPTIONS), log);
    const last = log.at(-1)!;
    const [first] = engine.map.ofKey(last.key);
    expect(first!.type).toBe(`type-${(Number(last.type.slice(5)) + 3) % 10}`);
    expect(first!.probability).toBeGreaterThan(0.9);
    expect(first!.shardlet).toBe(Number(last.key.slice(4)) % 3);
    // sixty keys take turns by chance, a minute an event: the mean of the logarithm is some 35 minutes
    const gapMinutes = (first!.expectedAtMs! - last.timeMs) / 60_000;
    expect(gapMinutes).toBeGreaterThan(15);
    expect(gapMinutes).toBeLessThan(60);
    expect(engine.map.keys).toBe(50);
  });

  it('knows how often each type comes', () => {
    const log = deterministicLog(2, 3_000);
    const engine = fed(new CorrelationEngine(OPTIONS), log);
    const rate = engine.rateOf('type-3', log.at(-1)!.timeMs)!;
    expect(rate.perSecond * 60).toBeGreaterThan(0.02);
    expect(rate.perSecond * 60).toBeLessThan(0.4);
    expect(engine.rateOf('never', 0)).toBeUndefined();
  });

  it('finds the correlations', () => {
    const engine = fed(new CorrelationEngine(OPTIONS), deterministicLog(3, 2_000));
    const found = engine.correlations().find(({ from, to }) => from === 'type-3' && to === 'type-6')!;
    expect(found.isEnough).toBe(true);
  });

  it('continues after a restart as if there had been none', () => {
    const log = attributeLog(4, 1_500);
    const whole = fed(new CorrelationEngine(OPTIONS), log.slice(0, 1_000));
    const restored = CorrelationEngine.restore(OPTIONS, whole.save());
    expect(restored.save()).toEqual(whole.save());
    for (const engine of [whole, restored]) fed(engine, log.slice(1_000));
    expect(restored.save()).toEqual(whole.save());
    expect(restored.correlations()).toEqual(whole.correlations());
    const key = log.at(-1)!.key;
    expect(restored.map.ofKey(key)).toEqual(whole.map.ofKey(key));
  });

  it('refuses a state of other options, and one that is not whole', () => {
    const bytes = fed(new CorrelationEngine(OPTIONS), attributeLog(5, 50)).save();
    const other = (model: Partial<EngineOptions['model']>) => ({
      ...OPTIONS,
      model: { ...OPTIONS.model, ...model },
    });
    expect(() => CorrelationEngine.restore(other({ attributes: ['a', 'b'] }), bytes)).toThrow(
      'other attributes',
    );
    expect(() => CorrelationEngine.restore(other({ keysMax: 99 }), bytes)).toThrow('capacity of keys');
    expect(() => CorrelationEngine.restore(OPTIONS, bytes.slice(0, -9))).toThrow();
    expect(() => CorrelationEngine.restore(OPTIONS, new Uint8Array([...bytes, 0]))).toThrow('more bytes');
    expect(() => CorrelationEngine.restore(OPTIONS, new Uint8Array([9, ...bytes]))).toThrow('another format');
  });

  it('lets no context span lost events', () => {
    const log = deterministicLog(6, 2_000);
    const engine = fed(new CorrelationEngine(OPTIONS), log);
    engine.gap();
    const { key, timeMs } = log.at(-1)!;
    const other = fed(new CorrelationEngine(OPTIONS), log);
    for (const each of [engine, other])
      each.observe({ key, type: 'type-0', timeMs: timeMs + 1, attributes: ['', ''] }, 0);
    expect(engine.save()).not.toEqual(other.save());
    const pairs = (each: CorrelationEngine) =>
      each.correlations().reduce((sum, { samples }) => sum + samples, 0);
    expect(pairs(engine)).toBeLessThan(pairs(other));
  });
});
