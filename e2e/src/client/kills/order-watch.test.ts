/** The judge of the global order is judged first. */
import { describe, expect, it } from 'vitest';
import { type OrderedAnswer, OrderWatch } from './order-watch.fixture.ts';

const BOTH = [1, 2].map((shardlet) => ({ shardlet, assignment: 7 }));

function batch(shardlet: number, ...events: readonly (readonly [seq: number, ts: number])[]) {
  return { shardlet, assignment: 7, events: events.map(([seq, ts]) => ({ seq, ts })) };
}

function faultsOf(...answers: readonly OrderedAnswer[]): readonly string[] {
  const watch = new OrderWatch();
  for (const answer of answers) watch.answered(answer);
  return watch.faults;
}

describe('the watch of the global order', () => {
  it('finds nothing where shardlets are merged by ts, shardlet and seq', () => {
    const watch = new OrderWatch();
    watch.answered({ assigned: BOTH, batches: [] });
    watch.answered({ batches: [batch(1, [1, 10]), batch(2, [1, 10]), batch(1, [2, 11])] });
    watch.answered({ batches: [batch(2, [2, 12], [3, 13])] });
    expect([watch.faults, watch.compared]).toEqual([[], 5]);
  });

  it('finds an answer whose runs are not in order', () => {
    expect(faultsOf({ batches: [batch(1, [1, 12]), batch(2, [1, 11])] })).toHaveLength(1);
  });

  it('finds an event that is older than what came in an answer before', () => {
    const answers = [{ assigned: BOTH, batches: [] }, { batches: [batch(1, [1, 12])] }];
    expect(faultsOf(...answers, { batches: [batch(2, [1, 11])] })).toEqual([
      'assignment 7: [11,2,1] came after [12,1,1]',
    ]);
  });

  it('finds a gap', () => {
    const answers = [{ assigned: BOTH, batches: [] }, { batches: [batch(1, [1, 12])] }];
    expect(faultsOf(...answers, { batches: [batch(1, [3, 14])] })).toHaveLength(1);
  });

  it('passes over what comes again, and the older events of a shardlet that comes from another member', () => {
    const again = { batches: [batch(1, [1, 12]), batch(1, [2, 13])] };
    expect(faultsOf({ assigned: BOTH.slice(0, 1), batches: [] }, again, again)).toEqual([]);
    const late = { assigned: BOTH, batches: [batch(2, [1, 11])] };
    expect(faultsOf({ assigned: BOTH.slice(0, 1), batches: [] }, again, late)).toEqual([]);
  });
});
