/** Which answers a process takes for the host that it knows. */
import { expect, test } from 'vitest';
import { ProgressWatch } from './progress.ts';

const answer = (generation: number, count: number) => ({ generation, count });

test('an answer of another generation is refused, older and newer', () => {
  const watch = new ProgressWatch(5, 10);
  for (const generation of [4, 6])
    expect(() => watch.judge(10, answer(generation, 99))).toThrow(/generation/);
  expect(watch.regression).toBeUndefined();
  watch.judge(10, answer(5, 10));
  expect(watch.seen).toBe(10);
});

test('who readmits a host reaches it in every generation up to that of the accepted loss, and none above', () => {
  const watch = new ProgressWatch(5, 0, 9);
  for (const generation of [0, 5, 9]) watch.judge(0, answer(generation, 3));
  expect(() => watch.judge(0, answer(10, 3))).toThrow(/generation 10/);
});

test('a host that answered less is refused until the claim is denied', () => {
  const watch = new ProgressWatch(0);
  watch.judge(0, answer(0, 7));
  expect(() => watch.judge(watch.seen, answer(0, 6))).toThrow(/from change 7 to 6/);
  expect(() => watch.judge(0, answer(0, 8))).toThrow(/from change 7 to 6/);
  expect(() => watch.insistOnProgress()).toThrow(/from change 7 to 6/);
  watch.dismiss();
  watch.judge(watch.seen, answer(0, 6));
  expect([watch.seen, watch.regression]).toEqual([6, undefined]);
});

test('an answer that was overtaken by another one is no regression', () => {
  const watch = new ProgressWatch(0);
  const sent = watch.seen;
  watch.judge(watch.seen, answer(0, 8));
  watch.judge(sent, answer(0, 7));
  expect(watch.seen).toBe(8);
});
