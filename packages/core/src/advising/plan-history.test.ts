import { describe, expect, it } from 'vitest';
import type { PlanBook, PlanRow } from './plan-book.ts';
import { planPage } from './plan-history.ts';
import type { RecommendationRecord } from './recommendation-log.ts';

/** Every third failed, the others are done. */
function book(count: number): Pick<PlanBook, 'list'> {
  const plans = Array.from({ length: count }, (_, i) => count - i).map((id) => ({
    ...{ id, undone: null },
    parts: [{ state: id % 3 === 0 ? 'failed' : 'done' } as RecommendationRecord],
  })) as unknown as PlanRow[];
  return {
    list: async ({ before = Number.POSITIVE_INFINITY, limit }) =>
      plans.filter(({ id }) => id < before).slice(0, limit),
  };
}

async function pages(count: number, states: readonly ['failed'] | undefined, limit: number) {
  const found: number[][] = [];
  for (let before: number | undefined; ; ) {
    const page = await planPage(book(count), { cluster: '', ended: true, states, before, limit });
    found.push(page.plans.map(({ id }) => id));
    if (page.next === null) return found;
    before = page.next;
  }
}

describe('plans come page by page', () => {
  it('without a gap or a repetition, and the last page knows that it is the last', async () => {
    expect(await pages(5, undefined, 2)).toEqual([[5, 4], [3, 2], [1]]);
    expect(await pages(4, undefined, 2)).toEqual([
      [4, 3],
      [2, 1],
    ]);
    expect(await pages(0, undefined, 2)).toEqual([[]]);
  });

  it('of one state, over many that have another', async () => {
    expect(await pages(13, ['failed'], 3)).toEqual([[12, 9, 6], [3]]);
    expect((await pages(900, ['failed'], 100)).flat()).toEqual(
      Array.from({ length: 300 }, (_, i) => 900 - 3 * i),
    );
  });

  it('reads no more for a page than its bound, and says where to go on', async () => {
    const none = await planPage(book(2_500), { cluster: '', ended: true, states: ['undone'], limit: 10 });
    expect(none).toEqual({ plans: [], next: 1_501 });
  });
});
