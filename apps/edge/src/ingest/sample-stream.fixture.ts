import type { Stream } from '@foreshard/core/topology';

/** The stream of requests in tests that are about their events. */
export const STREAM: Stream = {
  id: 1,
  name: 'main',
  shardCount: 4,
  splitKeys: false,
  retentionMs: null,
  retentionBytes: null,
  dedupWindowMs: 900_000,
};
