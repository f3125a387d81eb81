/** What an adapter hands to the contract suite. */
import type { EventHost } from '../event-host.ts';
import type { ProgressWatch } from '../progress-watch.ts';

export interface HostFixture {
  /** an empty store without a host id */
  readonly host: EventHost;
  /** From now on the host's clock stands at this time. */
  setClock(micros: number): Promise<void>;
  /** undefined where the engine has no memory limit of its own */
  readonly memoryLimit: MemoryLimit | undefined;
  /** Closes the host and opens the same store anew; undefined where nothing survives that. */
  readonly reopen: (() => Promise<EventHost>) | undefined;
  /** Another handle on the same store, which judges its answers; undefined where no connection carries them. */
  readonly watched: ((watch: ProgressWatch) => Promise<EventHost>) | undefined;
  close(): Promise<void>;
}

export interface MemoryLimit {
  /** Afterwards the operations that need memory are refused ... */
  makeFull(): Promise<void>;
  /** ... and now accepted again. */
  makeRoom(): Promise<void>;
}

export interface FixtureOptions {
  /** instead of IDS_PER_SET_MAX, which is too many for a test */
  readonly idsPerSetMax?: number;
}

export type MakeFixture = (options: FixtureOptions) => Promise<HostFixture>;
