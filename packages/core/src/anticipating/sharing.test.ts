import { expect, it } from 'vitest';
import { sharingOf } from './sharing.ts';

const held = (...holders: (string | undefined)[]) =>
  holders.map((holder, slice) => ({ stream: 1, slice, holder }));
const sliceOf = ({ slice }: { slice: number }) => slice;

it('takes free slices up to its share', () => {
  const { take, giveBack } = sharingOf(held(undefined, 'b', undefined, undefined, 'a'), 'a', 2);
  expect(take.map(sliceOf)).toEqual([0, 2]);
  expect(giveBack).toEqual([]);
});

it('takes all where nobody else lives, and none where the others have them', () => {
  expect(sharingOf(held(undefined, undefined), 'a', 1).take).toHaveLength(2);
  expect(sharingOf(held('b', 'b'), 'a', 2)).toEqual({ take: [], giveBack: [] });
});

it('gives back what is more than its share, so that slices move and do not flutter', () => {
  const { take, giveBack } = sharingOf(held('a', 'a', 'a', 'a'), 'a', 3);
  expect(giveBack.map(sliceOf)).toEqual([2, 3]);
  expect(take).toEqual([]);
  // three slices of two workers: two and one
  expect(sharingOf(held('a', 'a', 'b'), 'a', 2).giveBack).toEqual([]);
});
