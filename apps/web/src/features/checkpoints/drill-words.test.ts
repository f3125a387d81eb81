import { expect, test } from 'vitest';
import { type Drill, restoreWords, stepWords, tookWords } from './drill-words.ts';

const restore: Extract<Drill['steps'][number], { kind: 'restore' }> = {
  ...{ kind: 'restore', checkpoint: '01a1ff5c-50c3-7438-a09a-41089442e032', shardlet: 7, seq: 1_200 },
  ...{ base: null, handlerVersion: '1', bytes: 1_234, entries: 40, unread: null, ms: 300 },
};
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test('each step says what a member does', () => {
  const { text, detail } = stepWords(restore);
  expect(text).toBe('Restore the checkpoint of shardlet 7 up to seq 1,200');
  expect(plain(detail)).toBe('1.23 kB, 40 keys, in 0.3 s');
  const delta = stepWords({ ...restore, base: restore.checkpoint, entries: 1 });
  expect(delta.text).toContain('Restore the changes of');
  expect(delta.detail).toContain('1 change,');
  const foreign = stepWords({ ...restore, entries: null, unread: 'It is of format 2.' });
  expect(foreign.detail).toContain('not unpacked: It is of format 2.');
  expect(stepWords({ kind: 'replay', shardlet: 3, after: 5, through: 6 })).toEqual({
    text: 'Replay 1 event of shardlet 3',
    detail: 'seq 6 to 6; their effects are suppressed',
  });
});

test('what was read is counted', () => {
  expect(plain(restoreWords({ steps: [restore, restore], bytes: 2_000 }))).toBe('2 contents, 2 kB');
  expect(restoreWords({ steps: [], bytes: 0 })).toBe('nothing to read');
});

test('what takes next to no time is not said to take none', () => {
  expect([0, 1, 49, 50, 300].map((ms) => plain(tookWords(ms)))).toEqual([
    '0 s',
    '<0.1 s',
    '<0.1 s',
    '0.1 s',
    '0.3 s',
  ]);
});
