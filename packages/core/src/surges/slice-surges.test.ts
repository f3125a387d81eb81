import { expect, it } from 'vitest';
import { SliceSurges } from './slice-surges.ts';

const HOUR = 60;
const MINUTE_MS = 60_000;
const QUIET = 2 ** 31 + 2 ** 29;
const OPTIONS = { ranges: 16, shareMin: 0.01, causesMax: 64, falseLinks: 0.05 };

/** Every two hours "opened" in one range; half an hour later, a burst in another. */
function played(hours: number): SliceSurges {
  const surges = new SliceSurges(OPTIONS);
  for (let minute = 0; minute < hours * HOUR; minute++) {
    const since = minute % (5 * HOUR);
    const at = minute * MINUTE_MS;
    if (since === 90) surges.observe('opened', 5, at);
    const events = since >= 120 && since < 140 ? 200 : 10;
    for (let i = 0; i < events; i++) surges.observe('seen', 2 ** 31, at);
    for (let i = 0; i < 100; i++) surges.observe('seen', QUIET, at);
  }
  return surges;
}

it('announces in times and events a second of all keys, and nothing after its end', () => {
  const nowMs = (150 * HOUR + 91) * MINUTE_MS;
  const surges = played(150);
  surges.observe('opened', 5, (150 * HOUR + 90) * MINUTE_MS);
  const { announced, figures } = surges.report(nowMs, 0.5);
  expect(announced).toMatchObject([{ type: 'opened', source: [0, 1 / 16], target: [8 / 16, 9 / 16] }]);
  const [{ expectedAtMs, endsAtMs, eventsPerSecond }] = announced as [(typeof announced)[number]];
  expect((expectedAtMs - nowMs) / MINUTE_MS).toBeGreaterThan(25);
  expect((expectedAtMs - nowMs) / MINUTE_MS).toBeLessThan(35);
  expect(eventsPerSecond).toBeGreaterThan((0.9 * 190) / 60 / 0.5);
  expect(figures.precision).toBeGreaterThan(0.9);
  expect(surges.report(endsAtMs, 0.5).announced).toEqual([]);
});

it('passes over what is late, and stands still for no silence', () => {
  const surges = new SliceSurges(OPTIONS);
  surges.observe('a', 1, 1e12);
  surges.observe('a', 1, 1e12 - 3_600_000);
  expect(surges.report(1e12 + 365 * 86_400_000, 1)).toMatchObject({ announced: [], links: 0 });
});
