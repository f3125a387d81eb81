import { beforeEach } from 'vitest';
import { describeCheckpointRecords } from '../../checkpointing/checkpoint-records.contract-suite.ts';
import { MemoryGroupStore } from './group-store.ts';
import { MemoryStateCheckpoints } from './state-checkpoints.ts';

const clock = { nowMicros: () => Date.now() * 1_000 };
let groups: MemoryGroupStore;
let records: MemoryStateCheckpoints;

beforeEach(() => {
  groups = new MemoryGroupStore(clock);
  records = new MemoryStateCheckpoints(clock, groups);
});

describeCheckpointRecords('checkpoints in memory', () => ({ groups, records }));
