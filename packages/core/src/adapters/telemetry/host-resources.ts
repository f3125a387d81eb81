/** What the engines of hosts use, as they say themselves: one reader a host, for as long as its address stays. */
import type { Host } from '../../topology/index.ts';
import { ENGINE_ADAPTERS, type HostResources, type ResourceReader } from '../engines/index.ts';

interface Entry {
  readonly url: string;
  readonly reader: ResourceReader;
}

export class HostResourceReader {
  private readonly entries = new Map<number, Entry>();
  private readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** @throws when the host does not answer in time */
  read({ id, url, engine }: Host): Promise<HostResources> {
    let entry = this.entries.get(id);
    if (entry?.url !== url) {
      entry?.reader.close();
      entry = { url, reader: ENGINE_ADAPTERS[engine].resources(url, this.nowMs) };
      this.entries.set(id, entry);
    }
    return entry.reader.read();
  }

  /** Closes what is open to hosts that are not among these. */
  keep(ids: ReadonlySet<number>): void {
    for (const [id, { reader }] of this.entries)
      if (!ids.has(id)) {
        reader.close();
        this.entries.delete(id);
      }
  }

  close(): void {
    this.keep(new Set());
  }
}
