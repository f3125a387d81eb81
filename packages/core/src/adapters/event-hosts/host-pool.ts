/**
 * One handle per host, for as long as the topology store knows the host by this address and this incarnation. Who
 * asks for a host gets the handle that fits the map of the moment; a handle that no longer fits is closed, so nobody
 * goes on with a run of the host that the topology store does not trust. What was seen of a host outlives its
 * handles: a host that goes back to an older state while it restarts, or while nobody is connected, is found out too.
 */
import { type EventHost, HostUnreachable, ProgressWatch } from '../../hosts/index.ts';
import type { Change, Host, TopologyMap } from '../../topology/index.ts';
import { openEventHost } from './open-event-host.ts';

/** So that a host that is down costs one attempt to connect in this time, however many events ask for it. */
const RETRY_PAUSE_MS = 100;

interface Entry {
  readonly url: string;
  readonly incarnation: string;
  readonly generation: number;
  readonly handle: Promise<EventHost>;
}

export class HostPool {
  private readonly map: TopologyMap;
  private readonly open: typeof openEventHost;
  private readonly entries = new Map<number, Entry>();
  private readonly watches = new Map<number, ProgressWatch>();
  private readonly stopFollowing: () => void;
  private closed = false;

  constructor(map: TopologyMap, open: typeof openEventHost = openEventHost) {
    this.map = map;
    this.open = open;
    this.stopFollowing = map.onChange((change) => this.follow(change));
  }

  /**
   * @throws HostUnreachable also for a host that the topology store does not know or that waits for readmission: only
   * openEventHost with an incarnation of one's own reaches that
   */
  async get(hostId: number): Promise<EventHost> {
    if (this.closed) throw new HostUnreachable('connection', 'the pool of hosts was closed');
    const entry = this.entries.get(hostId);
    if (entry !== undefined) return entry.handle;
    const host = this.map.host(hostId);
    if (host === undefined) throw new HostUnreachable('connection', `there is no host ${hostId}`);
    if (host.state === 'readmitting')
      throw new HostUnreachable('incarnation', `host "${host.name}" has restarted and is being readmitted`);
    return this.add(host).handle;
  }

  /**
   * What this process has seen of the host in the generation that the topology store knows; undefined: the topology
   * store has no such host.
   */
  watch(hostId: number): ProgressWatch | undefined {
    const host = this.map.host(hostId);
    return host && this.watchOf(host);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopFollowing();
    await Promise.all([...this.entries.keys()].map((hostId) => this.remove(hostId)));
  }

  private add(host: Host): Entry {
    const { url, incarnation, generation } = host;
    const handle = this.open(host, incarnation, { watch: this.watchOf(host) });
    const entry: Entry = { url, incarnation, generation, handle };
    this.entries.set(host.id, entry);
    entry.handle.catch(() => setTimeout(() => this.forget(host.id, entry), RETRY_PAUSE_MS).unref());
    return entry;
  }

  private watchOf(host: Host): ProgressWatch {
    const known = this.watches.get(host.id);
    if (known?.generation === host.generation) return known;
    const watch = new ProgressWatch(host.generation);
    this.watches.set(host.id, watch);
    return watch;
  }

  private forget(hostId: number, entry: Entry): void {
    if (this.entries.get(hostId) === entry) this.entries.delete(hostId);
  }

  private follow(change: Change): void {
    for (const hostId of change.hostsRemoved) {
      this.watches.delete(hostId);
      void this.remove(hostId);
    }
    for (const host of change.hosts) if (!this.fits(host)) void this.remove(host.id);
  }

  private fits(host: Host): boolean {
    const entry = this.entries.get(host.id);
    return (
      entry?.url === host.url &&
      entry.incarnation === host.incarnation &&
      entry.generation === host.generation &&
      host.state !== 'readmitting'
    );
  }

  private async remove(hostId: number): Promise<void> {
    const entry = this.entries.get(hostId);
    this.entries.delete(hostId);
    const handle = await entry?.handle.catch(() => undefined);
    await handle?.close();
  }
}
