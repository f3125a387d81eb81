import { expect, it } from 'vitest';
import { groupDetailSchema, groupPageSchema } from './group-views.ts';

const NAMED = { name: 'billing', stream: 'main', delivery: 'pull', sessionMs: 30_000, version: 3, lag: 6 };
const GROUP = {
  ...NAMED,
  members: [{ id: 'm-1', seenAtMs: 1, shardlets: 2 }],
  shardlets: [{ shardlet: 1, member: 'm-1', seq: 5, lag: 2, revoking: false, skipped: 0 }],
  ...{ shardletCount: 7, waitingCount: 2, waiting: [] },
};
const SUMMARY = {
  ...NAMED,
  ...{
    members: 1,
    shardlets: 3,
    free: 1,
    waiting: 0,
    revoking: 0,
    skipped: 0,
    membersWanted: null,
    state: null,
  },
  progress: {
    ...{ processing: null, arriving: null, arrivalsFrom: null },
    catchUp: { kind: 'unknown', because: 'processing' },
  },
};

it('takes what is left out of a group as unknown', () => {
  expect(groupDetailSchema.parse(GROUP)).toMatchObject({
    ...{ redriveOf: null, deadLetters: null, state: null, shardletCount: 7 },
    progress: { catchUp: { kind: 'unknown' }, processing: null },
    members: [{ lag: null, oldestAt: null, state: null }],
  });
});

it('keeps an unknown lag apart from none', () => {
  const page = { groups: [{ ...SUMMARY, lag: null }], total: 1, internal: 0 };
  expect(groupPageSchema.parse(page).groups[0]!.lag).toBeNull();
});

it('takes a group whose stream was deleted, and refuses what is no group', () => {
  expect(groupDetailSchema.parse({ ...GROUP, stream: null }).stream).toBeNull();
  expect(() => groupDetailSchema.parse({ ...GROUP, delivery: 'fax' })).toThrow();
});
