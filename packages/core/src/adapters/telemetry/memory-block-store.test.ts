import { blockStoreSuite } from '../../telemetry/block-store.contract-suite.ts';
import { MemoryBlockStore } from './memory-block-store.ts';

blockStoreSuite('MemoryBlockStore', async () => new MemoryBlockStore());
