import { expect, it } from 'vitest';
import { S3Fifo } from './s3-fifo.ts';

it('lets go what was used once before what was used again', () => {
  const queue = new S3Fifo(10);
  for (const key of ['a', 'b']) queue.put(key, 1);
  queue.use('a');
  const evicted = Array.from({ length: 20 }, (_, i) => queue.put(`once-${i}`, 1)).flat();
  expect(evicted).toContain('b');
  expect(evicted).not.toContain('a');
  expect([queue.cost, queue.size]).toEqual([10, 10]);
});

it('remembers what it let go for a while: who comes back stays', () => {
  const queue = new S3Fifo(10);
  for (let i = 0; i < 12; i++) queue.put(`${i}`, 1);
  expect(queue.put('0', 1)).not.toContain('0');
  const evicted = Array.from({ length: 20 }, (_, i) => queue.put(`once-${i}`, 1)).flat();
  expect(evicted).not.toContain('0');
});

it('takes what an entry costs as it is now, and never holds more than it may', () => {
  const queue = new S3Fifo(10);
  queue.put('a', 4);
  queue.put('b', 4);
  expect(queue.put('b', 7)).toEqual(['a']);
  expect([queue.cost, queue.size]).toEqual([7, 1]);
  expect(queue.put('c', 11)).toContain('c');
  queue.remove('b');
  expect([queue.cost, queue.size]).toEqual([0, 0]);
});
