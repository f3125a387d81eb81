/** What the parties of one run share and may see of each other; the parties themselves are in the cluster. */
import type { ReadReply } from '@foreshard/core/hosts';
import type { Draws, Schedule } from '@foreshard/core/simulation';
import type { KeyPage, KeyRequest } from '../../../apps/edge/src/reading/key-events.ts';
import type { LogCursor } from '../../../apps/edge/src/reading/log/cursor.ts';
import type { SessionPage } from '../../../apps/edge/src/reading/log/log-session.ts';
import type { CacheWatch } from './cache-watch.ts';
import type { DurableHost } from './durable-host.ts';
import type { History } from './history.ts';
import type { Onlooker, OpenHost } from './host-handle.ts';
import type { Locks } from './locks.ts';
import type { Callee, Network } from './network.ts';
import type { Plan } from './plan.ts';
import type { SetBacks } from './set-backs.ts';
import type { TopologyService } from './topology-service.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** What became of one event of a request. */
export interface EventReply {
  readonly status: 'stored' | 'duplicate' | 'refused';
  readonly code: string | undefined;
  readonly shardlet: number;
  readonly seq: number | undefined;
  readonly ts: number | undefined;
}

export interface PageRequest {
  readonly from: LogCursor | 'oldest' | 'now';
  readonly limit: number;
  readonly waitMs: number;
}

export type KeyPageRequest = Omit<KeyRequest, 'stream'>;

export interface ShardletRead {
  readonly shardlet: number;
  readonly from: number;
  readonly count: number;
  /** the edge asks the host for news before */
  readonly hears: boolean;
}

/** An edge as clients and readers reach it. */
export interface EdgeDoor extends Callee {
  append(lines: string, tokenTs: number): Promise<EventReply[]>;
  page(request: PageRequest): Promise<SessionPage>;
  keyPage(request: KeyPageRequest): Promise<KeyPage>;
  /** As members of groups read: what the edge has of a shardlet, else its host. */
  read(request: ShardletRead): Promise<ReadReply | undefined>;
}

/** A process that can be killed and started again. */
export interface Party {
  readonly name: string;
  readonly caller: VirtualProcess;
  start(): void;
  kill(): void;
}

export interface Freezable {
  readonly name: string;
  freeze(micros: number): void;
}

export interface Scene {
  readonly plan: Plan;
  readonly draws: Draws;
  readonly schedule: Schedule;
  readonly history: History;
  readonly network: Network;
  readonly topology: TopologyService;
  readonly locks: Locks;
  readonly setBacks: SetBacks;
  readonly cacheWatch: CacheWatch;
  readonly hosts: ReadonlyMap<number, DurableHost>;
  readonly edges: readonly EdgeDoor[];
  readonly keys: readonly string[];
  /** that the topology store has, also closed ones */
  shardletIds(): readonly number[];
  /** hosts with an alarm, and why */
  readonly alarms: Map<number, string>;
  /** no more faults */
  isCalm(): boolean;
  /** at which epoch a host stored it, where hosts may lose it */
  epochOf(event: string, shardlet: number, seq: number | undefined): number | undefined;
  doorFor(process: VirtualProcess, onlooker?: Onlooker): OpenHost;
  /** The topology store may be away; anything else is a defect */
  expect(who: string, error: unknown): void;
  fault(who: string, error: unknown): void;
  noteDifference(move: number, detail: string): void;
}
