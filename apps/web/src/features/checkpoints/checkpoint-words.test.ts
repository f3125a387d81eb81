import { expect, test } from 'vitest';
import { type CheckpointRow, reasonWords, standingOf } from './checkpoint-words.ts';

const row: CheckpointRow = {
  ...{ id: '01a1ff5c-50c3-7438-a09a-41089442e032', shardlet: 7, seq: 120, epoch: 4, assignment: 31 },
  ...{
    member: 'm1',
    handlerVersion: '1',
    state: 'valid',
    base: null,
    bytes: 10,
    keys: 2,
    digest: 'sha-256:00',
  },
  ...{ reason: 'due', store: 'folder', createdAtMs: 1, validAtMs: 2, tookMs: 1 },
  ...{ verifiedAtMs: null, verifyError: null },
};

test('a checkpoint says whether it can be restored', () => {
  expect(standingOf(row)).toMatchObject({ text: 'valid', tone: 'accent' });
  expect(standingOf({ ...row, verifiedAtMs: 3 })).toMatchObject({ text: 'verified', tone: 'ok' });
  const damaged = standingOf({ ...row, verifiedAtMs: 3, verifyError: 'The object is missing.' });
  expect(damaged).toEqual({ tone: 'bad', text: 'damaged', tip: 'The object is missing.' });
  expect(standingOf({ ...row, state: 'pending', verifyError: 'x' }).text).toBe('pending');
  expect(standingOf({ ...row, state: 'deleting', verifyError: 'x' }).text).toBe('deleting');
});

test('each reason is said in words of its own', () => {
  const reasons = ['due', 'interval', 'revoking', 'final', 'closing', 'asked'] as const;
  expect(new Set(reasons.map(reasonWords)).size).toBe(reasons.length);
});
