import { ManualClock } from '../../kernel/index.ts';
import { describeTopologyStore } from '../../topology/topology-store.contract-suite.ts';
import { MemoryTopologyStore } from './topology-store.ts';

describeTopologyStore('in memory', async () => {
  const store = new MemoryTopologyStore(new ManualClock(1_790_000_000_000_000));
  return { stores: Array.from({ length: 5 }, () => store), close: async () => {} };
});
