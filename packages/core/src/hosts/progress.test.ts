/** What a process concludes from the progress in answers. */
import { describe, expect, test } from 'vitest';
import { ProgressWatch } from './progress.ts';

const at = (count: number, generation = 4) => ({ generation, count });
const INCARNATION = expect.objectContaining({ reason: 'incarnation' });

describe('a watch over the progress of a host', () => {
  test('lets a host go on, also where answers overtake each other', () => {
    const watch = new ProgressWatch(4);
    const sent = watch.seen;
    watch.judge(sent, at(9));
    watch.judge(sent, at(7));
    expect(watch.seen).toBe(9);
  });

  test('refuses a host that answers less than was seen when it was asked, until that is dismissed', () => {
    const watch = new ProgressWatch(4, 9);
    const regressed = expect.objectContaining({ reason: 'regressed' });
    expect(() => watch.judge(watch.seen, at(8))).toThrow(regressed);
    expect(() => watch.judge(watch.seen, at(20))).toThrow(regressed);
    expect(watch.regression).toEqual({ seen: 9, answered: 8 });
    watch.dismiss();
    watch.judge(watch.seen, at(8));
    expect(watch.seen).toBe(8);
  });

  test('refuses any other generation', () => {
    const watch = new ProgressWatch(4);
    expect(() => watch.judge(0, at(1, 3))).toThrow(INCARNATION);
    expect(() => watch.judge(0, at(1, 5))).toThrow(INCARNATION);
  });

  test('lets a host begin the generation that was accepted, once, and its count go on', () => {
    const watch = new ProgressWatch(0, 9, 18);
    watch.judge(watch.seen, at(9, 0));
    watch.judge(watch.seen, at(10, 18));
    expect(watch).toMatchObject({ generation: 18, seen: 10 });
    expect(() => watch.judge(watch.seen, at(11, 0))).toThrow(INCARNATION);
    expect(() => watch.judge(watch.seen, at(9, 18))).toThrow('went back from change 10 to 9');
  });
});
