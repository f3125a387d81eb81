/**
 * Tells followers that the topology store has moved on by watching its clock in etcd: nobody has to send anything. A
 * watch that breaks is taken up again by the client at another member; until then followers poll.
 */
import type { Watcher } from 'etcd3';
import type { ChangeNotifier } from '../../topology/index.ts';
import { within } from '../deadline/index.ts';
import type { EtcdConnection } from './etcd-connection.ts';

/** A follower that starts while etcd is away goes on without a watch, which begins when etcd is back. */
const WATCH_PATIENCE_MS = 1_000;
const REWATCH_PAUSE_MS = 1_000;

export class EtcdChangeNotifier implements ChangeNotifier {
  private readonly connection: EtcdConnection;
  private readonly clockKey: string;
  private readonly open = new Set<() => Promise<void>>();

  constructor(connection: EtcdConnection, clockKey: string) {
    this.connection = connection;
    this.clockKey = clockKey;
  }

  /** The decision itself was the notification. */
  async notify(): Promise<void> {}

  async subscribe(listener: (version: number) => void): Promise<() => Promise<void>> {
    let ended = false;
    let watcher: Watcher | undefined;
    const start = async (): Promise<void> => {
      try {
        const started = await this.watch(listener);
        if (ended) await started.cancel();
        else watcher = started;
      } catch {
        if (!ended) setTimeout(() => void start(), REWATCH_PAUSE_MS).unref();
      }
    };
    await within(WATCH_PATIENCE_MS, start(), 'not watching yet').catch(() => {});
    const end = async () => {
      ended = true;
      this.open.delete(end);
      await within(WATCH_PATIENCE_MS, watcher?.cancel() ?? Promise.resolve(), 'ends later').catch(() => {});
    };
    this.open.add(end);
    return end;
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((end) => end()));
  }

  private async watch(listener: (version: number) => void): Promise<Watcher> {
    const watcher = await this.connection.client.watch().key(this.clockKey).create();
    watcher.on('put', (kv) => {
      const version = Number(kv.value.toString());
      if (Number.isSafeInteger(version)) listener(version);
    });
    // the client takes it up again by itself; without a listener the error would end the process
    watcher.on('error', () => {});
    return watcher;
  }
}
