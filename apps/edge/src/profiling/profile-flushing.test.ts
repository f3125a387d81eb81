import { Profiler } from '@foreshard/core/profiling';
import { expect, test } from 'vitest';
import type { CappedStream } from '../sharing/index.ts';
import { profileFlushing } from './profile-flushing.ts';

const EVENT = new TextEncoder().encode('{"id":"1"}');

function flusherOn(stream: CappedStream) {
  const profiler = new Profiler({ share: 1, fields: {}, random: () => 0 });
  let lost = 0;
  const flusher = profileFlushing(profiler, stream, () => lost++);
  return { profiler, flusher, lost: () => lost };
}

test('a flush that the control Redis does not take is counted and given up', async () => {
  const { profiler, flusher, lost } = flusherOn({ xadd: () => Promise.reject(new Error('away')) });
  profiler.add('main', 1, EVENT);
  await flusher.stop();
  expect(lost()).toBe(1);
  expect(profiler.flush()).toBeUndefined();
});

test('nothing profiled is nothing told', async () => {
  let sent = 0;
  const { profiler, flusher, lost } = flusherOn({ xadd: async () => sent++ });
  await flusher.stop();
  profiler.add('main', 1, EVENT);
  await flusher.stop();
  expect([sent, lost()]).toEqual([1, 0]);
});
