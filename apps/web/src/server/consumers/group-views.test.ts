import { expect, it } from 'vitest';
import { type GroupDetail, groupDetailSchema, groupSummary } from './group-views.ts';

const shardlet = (member: string | null, skipped: number) => ({
  ...{ shardlet: 1, member, seq: 5, lag: 2, revoking: false, skipped },
});
const GROUP: GroupDetail = groupDetailSchema.parse({
  ...{ name: 'billing', stream: 'main', delivery: 'pull', sessionMs: 30_000, version: 3, lag: 6 },
  members: [{ id: 'm-1', seenAtMs: 1, shardlets: 2 }],
  shardlets: [shardlet('m-1', 0), shardlet('m-1', 3), shardlet(null, 4)],
  ...{ waitingCount: 2, waiting: [] },
});

it('sums a group up: who reads, what nobody has, what was past its retention', () => {
  expect(groupSummary(GROUP)).toMatchObject({
    ...{ name: 'billing', stream: 'main', delivery: 'pull', sessionMs: 30_000, version: 3, lag: 6 },
    ...{ members: 1, shardlets: 3, waiting: 3, skipped: 7 },
  });
});

it('takes what an edge of an earlier release does not tell as unknown', () => {
  expect(GROUP).toMatchObject({
    ...{ redriveOf: null, deadLetters: null },
    progress: { catchUp: { kind: 'unknown' }, processing: null },
    members: [{ lag: null, oldestAt: null }],
  });
});

it('keeps an unknown lag apart from none', () => {
  expect(groupSummary({ ...GROUP, lag: null }).lag).toBeNull();
});

it('takes a group whose stream was deleted, and refuses what is no group', () => {
  expect(groupDetailSchema.parse({ ...GROUP, stream: null }).stream).toBeNull();
  expect(() => groupDetailSchema.parse({ ...GROUP, delivery: 'fax' })).toThrow();
});
