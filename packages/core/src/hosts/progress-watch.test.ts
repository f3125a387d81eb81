import { describe, expect, test } from 'vitest';
import { HostUnreachable } from './event-host.ts';
import { ProgressWatch } from './progress-watch.ts';

const at = (count: number, generation = 0) => ({ generation, count });

/** What the watch throws; undefined: it is content. */
function refusal(act: () => void): { reason: string; message: string } | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(HostUnreachable);
    const { reason, message } = error as HostUnreachable;
    return { reason, message };
  }
}

describe('a host that goes on', () => {
  test('is seen where its answers are', () => {
    const watch = new ProgressWatch(0);
    expect(watch.seen).toBe(0);
    watch.judge(0, at(5));
    expect(watch.seen).toBe(5);
    watch.judge(5, at(5));
    watch.judge(5, at(9));
    expect(watch.seen).toBe(9);
    expect(watch.regression).toBeUndefined();
    expect(refusal(() => watch.insistOnProgress())).toBeUndefined();
  });

  test('may answer an earlier request later, with the count of that time', () => {
    const watch = new ProgressWatch(0);
    const sentFirst = watch.seen;
    watch.judge(watch.seen, at(9));
    watch.judge(sentFirst, at(3));
    expect(watch.seen).toBe(9);
    expect(watch.regression).toBeUndefined();
  });

  test('is known by what others saw of it', () => {
    const watch = new ProgressWatch(2, 7);
    expect([watch.generation, watch.seen]).toEqual([2, 7]);
  });
});

describe('a host that went back', () => {
  test('is refused with what was seen and what it answered', () => {
    const watch = new ProgressWatch(0, 7);
    expect(refusal(() => watch.judge(watch.seen, at(6)))).toEqual({
      reason: 'regressed',
      message: 'the host went back from change 7 to 6: it may have lost acknowledged events',
    });
    expect(watch.regression).toEqual({ seen: 7, answered: 6 });
    expect(refusal(() => watch.insistOnProgress())).toMatchObject({ reason: 'regressed' });
  });

  test('is found out although the call itself brought it to where it was', () => {
    const watch = new ProgressWatch(0, 7);
    expect(refusal(() => watch.judge(7, at(7), 1))).toMatchObject({ reason: 'regressed' });
    expect(watch.regression).toEqual({ seen: 7, answered: 6 });
    expect(watch.seen).toBe(7);
    const whole = new ProgressWatch(0, 7);
    whole.judge(7, at(8), 1);
    expect([whole.seen, whole.regression]).toEqual([8, undefined]);
  });

  test('stays refused when it has overtaken what was seen, and the first loss is the one told', () => {
    const watch = new ProgressWatch(0, 7);
    refusal(() => watch.judge(7, at(6)));
    expect(refusal(() => watch.judge(7, at(100)))).toMatchObject({ reason: 'regressed' });
    expect(refusal(() => watch.judge(50, at(2)))).toMatchObject({ reason: 'regressed' });
    expect(watch.regression).toEqual({ seen: 7, answered: 6 });
    expect(watch.seen).toBe(7);
  });

  test('is certain up to the promise that was known when its highest count was seen', () => {
    const watch = new ProgressWatch(0);
    watch.judge(0, at(3));
    expect(watch.certainTs).toBe(0);
    watch.notePromise(100);
    watch.judge(3, at(5));
    watch.notePromise(200);
    watch.judge(5, at(5));
    expect(watch.certainTs).toBe(100);
    expect(refusal(() => watch.judge(5, at(4)))).toMatchObject({ reason: 'regressed' });
    expect(watch.certainTs).toBe(100);
  });

  test('is taken as it is once the claim was denied', () => {
    const watch = new ProgressWatch(0, 7);
    refusal(() => watch.judge(7, at(6)));
    watch.dismiss();
    expect([watch.seen, watch.regression]).toEqual([0, undefined]);
    watch.judge(watch.seen, at(6));
    expect(watch.seen).toBe(6);
    expect(refusal(() => watch.judge(6, at(5)))).toMatchObject({ reason: 'regressed' });
  });
});

describe('a host in another generation', () => {
  test.each([1, 3])('(%i instead of 2) is not the one of the map, whatever its count', (generation) => {
    const watch = new ProgressWatch(2, 7);
    for (const count of [0, 7, 100])
      expect(refusal(() => watch.judge(7, at(count, generation)))).toEqual({
        reason: 'incarnation',
        message: `the host is in generation ${generation}, the map says 2`,
      });
    expect([watch.seen, watch.regression]).toEqual([7, undefined]);
  });
});

test('a host that answers in an older generation was in a state of before a loss, whatever it answers later', () => {
  const watch = new ProgressWatch(2);
  refusal(() => watch.judge(0, at(3, 3)));
  expect(watch.olderGeneration).toBeUndefined();
  refusal(() => watch.judge(0, at(9, 1)));
  refusal(() => watch.judge(0, at(9, 0)));
  watch.judge(0, at(4, 2));
  expect([watch.olderGeneration, watch.seen]).toEqual([1, 4]);
});

describe('who readmits a host after a loss', () => {
  test('lets it begin the generation that was accepted, once, and its count go on', () => {
    const watch = new ProgressWatch(0, 9, 18);
    watch.judge(watch.seen, at(9, 0));
    watch.judge(watch.seen, at(10, 18));
    expect(watch).toMatchObject({ generation: 18, seen: 10 });
    expect(refusal(() => watch.judge(watch.seen, at(11, 0)))).toMatchObject({ reason: 'incarnation' });
    expect(refusal(() => watch.judge(watch.seen, at(9, 18)))).toMatchObject({ reason: 'regressed' });
  });
});
