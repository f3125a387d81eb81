import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { PrequentialEvaluation } from './evaluation.ts';
import { attributeLog, deterministicLog, driftingLog, independentLog } from './event-logs.fixture.ts';
import type { ObservedEvent } from './next-event-model.ts';

const ATTRIBUTES = ['a', 'noise'];

function newEvaluation() {
  return new PrequentialEvaluation({ attributes: ATTRIBUTES, keysMax: 100, contextsMax: 1 << 13 });
}

function evaluated(log: readonly ObservedEvent[]) {
  const evaluation = newEvaluation();
  for (const event of log) evaluation.observe(event);
  const result = evaluation.result();
  const { mostFrequent, ...chains } = result.baselines;
  return { ...result, bestMarkov: Math.max(...Object.values(chains).map((hits) => hits[1])), mostFrequent };
}

describe('on logs whose best predictor is known, the model', () => {
  it('learns a rule without exception after it was seen once', () => {
    const { hits, bestMarkov, logLoss } = evaluated(deterministicLog(1, 3_000));
    expect(hits[1]).toBeGreaterThan(0.98);
    expect(hits[1]).toBeGreaterThanOrEqual(bestMarkov - 0.002);
    expect(logLoss).toBeLessThan(0.1);
  });

  it('finds the attribute that decides, and says that the other says nothing', () => {
    const { hits, bestMarkov, features } = evaluated(attributeLog(2, 3_000));
    expect(hits[1]).toBeGreaterThan(bestMarkov + 0.4);
    expect(features.map(({ name, isInformative }) => [name, isInformative])).toEqual([
      ['a', true],
      ['noise', false],
    ]);
    expect(features[0]!.information).toBeGreaterThan(0.5);
    expect(features[0]!.nullLimit).toBeLessThan(0.05);
  });

  it('stays near chance where events are independent', () => {
    const { hits, logLoss, features } = evaluated(independentLog(11, 4_000));
    expect(hits[1]).toBeGreaterThan(0.08);
    expect(logLoss).toBeLessThan(Math.log(10) + 0.04);
    expect(features.every(({ isInformative }) => !isInformative)).toBe(true);
  });

  it('forgets a rule that has changed', () => {
    const { hits, bestMarkov } = evaluated(driftingLog(4, 4_000));
    expect(hits[1]).toBeGreaterThan(bestMarkov + 0.01);
  });

  it('gives probabilities that come true', () => {
    const { reliability } = evaluated(attributeLog(5, 4_000));
    const many = reliability.filter(({ predictions }) => predictions > 500);
    expect(many.length).toBeGreaterThan(2);
    for (const { expected, observed } of many) expect(Math.abs(expected - observed)).toBeLessThan(0.06);
  });
});

describe('what is not known yet when an event is predicted', () => {
  const log = attributeLog(6, 400);

  function probabilities(events: readonly ObservedEvent[]): number[] {
    const evaluation = newEvaluation();
    return events.map((event) => evaluation.observe(event));
  }

  it('changes no earlier prediction: all rows from any place on may be others', () => {
    const before = probabilities(log);
    const random = seededRandom(7);
    for (let round = 0; round < 20; round++) {
      const cut = Math.floor(random.next() * log.length);
      const others = independentLog(100 + round, log.length - cut).map((event, i) => ({
        ...event,
        timeMs: log[cut]!.timeMs + i,
      }));
      const after = probabilities([...log.slice(0, cut), ...others]);
      expect(after.slice(0, cut)).toEqual(before.slice(0, cut));
    }
  });

  it('is also the time and the attributes of the event itself', () => {
    const before = probabilities(log);
    for (const at of [0, 1, 57, 211, 399]) {
      const changed = log.with(at, { ...log[at]!, timeMs: log[at]!.timeMs + 1e9, attributes: ['x', 'y'] });
      expect(probabilities(changed).slice(0, at + 1)).toEqual(before.slice(0, at + 1));
    }
  });

  it('is used once it is known', () => {
    const before = probabilities(log);
    const at = log.findIndex((event, i) => i > 200 && log.slice(i + 1).some(({ key }) => key === event.key));
    const after = probabilities(log.with(at, { ...log[at]!, attributes: ['x', 'y'] }));
    expect(after).not.toEqual(before);
  });
});

it('counts the first event of a key, and a type that never came before as missed', () => {
  const event = (key: string, type: string, timeMs: number) => ({ key, type, timeMs, attributes: ['', ''] });
  const { events, hits } = evaluated([
    event('1', 'a', 0),
    event('2', 'a', 1),
    event('3', 'b', 2),
    event('4', 'a', 3),
  ]);
  expect(events).toBe(4);
  expect(hits).toEqual({ 1: 0.5, 3: 0.5, 5: 0.5 });
});

it('answers for a log without events', () => {
  const { events, hits, logLoss, matrix } = evaluated([]);
  expect({ events, hits, logLoss, matrix }).toEqual({
    events: 0,
    hits: { 1: 0, 3: 0, 5: 0 },
    logLoss: 0,
    matrix: [],
  });
});
