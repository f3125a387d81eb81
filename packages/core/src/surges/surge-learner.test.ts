import { describe, expect, it } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { SurgeLearner, type SurgeOptions } from './surge-learner.ts';

const OPTIONS: SurgeOptions = { ranges: 16, shareMin: 0.01, causesMax: 8, falseLinks: 0.05 };
const DAYS = 12;
const DAY = 1_440;
const TARGET = 5;
const LAG = 20;
const BURST_MINUTES = 15;

interface Scene {
  /** minutes later, in a circle */
  readonly shift?: number;
  /** of the causes */
  readonly withEffect?: number;
}

/** A cause every five hours or so; a burst follows most of them. */
function played({ shift = 0, withEffect = 0.7 }: Scene): SurgeLearner {
  const random = seededRandom(7);
  const until = DAYS * DAY;
  const causes: number[] = [];
  for (let at = 100; at < until - 100; at += 200 + Math.floor(200 * random.next())) causes.push(at);
  const bursts = causes
    .filter(() => random.next() < withEffect)
    .map((at) => at + LAG + Math.floor(6 * random.next()));
  const moments = new Set(causes.map((at) => (at + shift) % until));
  const learner = new SurgeLearner(OPTIONS);
  for (let at = 0; at < until; at++) {
    if (moments.has(at)) learner.observe('sold-out', 2, at);
    if (random.next() < 0.01) learner.observe('noise', 9, at);
    const isBurst = bursts.some((from) => at >= from && at < from + BURST_MINUTES);
    const loads = Array.from({ length: 16 }, (_, range) => (range === TARGET && isBurst ? 200 : 20));
    learner.minute(at, loads);
  }
  return learner;
}

describe('the learner of surges', { timeout: 30_000 }, () => {
  it('learns what announces a burst, where, when and how likely', () => {
    const learner = played({});
    expect(learner.links()).toMatchObject([{ type: 'sold-out', source: 2, target: TARGET }]);
    const at = DAYS * DAY;
    learner.observe('sold-out', 2, at);
    const [announced] = learner.announced();
    expect(announced).toMatchObject({ type: 'sold-out', source: 2, target: TARGET, announcedAt: at });
    expect(announced!.expectedAt - at).toBeGreaterThan(LAG - 2);
    expect(announced!.expectedAt - at).toBeLessThan(LAG + 10);
    expect(announced!.probability).toBeGreaterThan(0.5);
    expect(announced!.probability).toBeLessThan(0.9);
    expect(announced!.extra).toBeGreaterThan(120);
    const { precision, recall, brier } = learner.score.figures();
    expect(precision).toBeGreaterThan(0.5);
    expect(recall).toBeGreaterThan(0.5);
    expect(brier).toBeLessThan(0.3);
  });

  it('finds nothing in causes that are shifted in a circle', () => {
    const learner = played({ shift: 5 * DAY + 77 });
    expect(learner.links()).toEqual([]);
    expect(learner.score.figures()).toMatchObject({ announced: 0, falseAlarms: 0, burstsAnnounced: 0 });
    expect(learner.score.figures().bursts).toBeGreaterThan(10);
  });

  it('lets an announcement end by itself when the burst does not come, and counts it', () => {
    const learner = played({});
    const before = learner.score.figures().falseAlarms;
    const at = DAYS * DAY;
    learner.observe('sold-out', 2, at);
    const { until } = learner.announced()[0]!;
    for (let minute = at; minute <= until; minute++) learner.minute(minute, Array(16).fill(20));
    expect(learner.announced()).toEqual([]);
    expect(learner.score.figures().falseAlarms).toBe(before + 1);
  });

  it('keeps no more kinds of causes than it may, however many names there are', () => {
    const learner = new SurgeLearner(OPTIONS);
    for (let at = 0; at < 3; at++) learner.observe('frequent', 1, at);
    for (let i = 0; i < 1_000; i++) learner.observe(`poison-${i}`, 1, 3);
    expect(learner.causeCount).toBe(OPTIONS.causesMax);
    expect(learner.knows('frequent', 1)).toBe(true);
  });
});
