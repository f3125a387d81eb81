import { describeHostProofStore } from '../../hosts/proof-store.contract-suite.ts';
import { MemoryHostProofs } from './host-proof-store.ts';

describeHostProofStore('in memory', async () => new MemoryHostProofs());
