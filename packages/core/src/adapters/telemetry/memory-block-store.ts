/** Blocks in memory: for tests, and for commands that only compute. */
import type {
  BlockKey,
  BlockQuery,
  BlockStore,
  BlockTransaction,
  Level,
  Part,
  StoredBlock,
} from '../../telemetry/index.ts';
import { LIVE } from '../../telemetry/index.ts';

export class MemoryBlockStore implements BlockStore {
  private blocks = new Map<string, StoredBlock>();
  private readonly states = new Map<string, string>();
  private readonly busy = new Set<string>();

  async read(query: BlockQuery): Promise<StoredBlock[]> {
    return matching(this.blocks, query);
  }

  async exclusively<T>(feed: string, work: (tx: BlockTransaction) => Promise<T>): Promise<T | undefined> {
    if (this.busy.has(feed)) return undefined;
    this.busy.add(feed);
    try {
      const tx = new MemoryTransaction(this.blocks, this.states.get(feed));
      const result = await work(tx);
      this.blocks = tx.blocks;
      if (tx.state !== undefined) this.states.set(feed, tx.state);
      return result;
    } finally {
      this.busy.delete(feed);
    }
  }

  async sources(stream: number): Promise<string[]> {
    const blocks = [...this.blocks.values()].filter((b) => b.stream === stream && b.source !== LIVE);
    return [...new Set(blocks.map((b) => b.source))].sort();
  }
}

class MemoryTransaction implements BlockTransaction {
  readonly blocks: Map<string, StoredBlock>;
  state: string | undefined;

  constructor(blocks: ReadonlyMap<string, StoredBlock>, state: string | undefined) {
    this.blocks = new Map(blocks);
    this.state = state;
  }

  setState(state: string): void {
    this.state = state;
  }

  async get(key: BlockKey): Promise<Uint8Array | undefined> {
    return this.blocks.get(textOf(key))?.bytes;
  }

  async put(key: BlockKey, bytes: Uint8Array): Promise<void> {
    this.blocks.set(textOf(key), { ...key, bytes });
  }

  async remove(key: BlockKey): Promise<void> {
    this.blocks.delete(textOf(key));
  }

  async read(query: BlockQuery): Promise<StoredBlock[]> {
    return matching(this.blocks, query);
  }

  async removeBefore(level: Level, parts: readonly Part[], startMs: number): Promise<number> {
    return this.removeAll((b) => b.level === level && parts.includes(b.part) && b.startMs < startMs);
  }

  async removeSource(stream: number, source: string): Promise<number> {
    return this.removeAll((b) => b.stream === stream && b.source === source);
  }

  private removeAll(applies: (block: StoredBlock) => boolean): number {
    const keys = [...this.blocks].filter(([, block]) => applies(block)).map(([key]) => key);
    for (const key of keys) this.blocks.delete(key);
    return keys.length;
  }
}

function textOf({ stream, level, part, startMs, source }: BlockKey): string {
  return [stream, level, part, startMs, source].join(' ');
}

function matching(blocks: ReadonlyMap<string, StoredBlock>, query: BlockQuery): StoredBlock[] {
  const { stream, level, parts, fromMs, toMs } = query;
  return [...blocks.values()]
    .filter((b) => b.stream === stream && b.level === level && parts.includes(b.part))
    .filter((b) => b.startMs >= fromMs && b.startMs < toMs)
    .sort((a, b) => a.startMs - b.startMs);
}
