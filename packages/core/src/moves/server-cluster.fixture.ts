/**
 * Two real hosts under the topology store in memory: what the machines do on Redis and on PostgreSQL, with the clocks
 * of the hosts and the lines to them in the hands of the test. The topology store's own servers have their own tests.
 */
import { startTcpProxy, type TcpProxy } from '@foreshard/local';
import { connectAnyHost } from '../adapters/event-hosts/index.ts';
import type { HostFixture } from '../hosts/contract/fixture.ts';
import type { EventHost } from '../hosts/index.ts';
import { Cluster, T0_MICROS } from '../machines/cluster.fixture.ts';
import {
  type Action,
  type ActionOf,
  drive,
  driveAll,
  type Outcome,
  type Perform,
  performer,
} from '../machines/index.ts';
import { dueGarbage, GARBAGE_GRACE_MS, garbageMachine } from '../retention/index.ts';
import type { Host, Shardlet } from '../topology/index.ts';
import { prepareMigration } from '../topology/index.ts';
import { moveMachine } from './backlog.ts';

export interface HostServer {
  readonly engine: Host['engine'];
  readonly url: string;
  /** An empty store on it. */
  make(): Promise<HostFixture>;
}

/** The ids of the hosts: what is created is on A. */
export const A = 1;
export const B = 2;

/** A handle whose line is in the hands of the test. */
export interface Line {
  readonly host: EventHost;
  readonly proxy: TcpProxy;
}

export class ServerCluster extends Cluster {
  private readonly servers: readonly HostServer[];
  private readonly fixtures: HostFixture[] = [];
  private readonly lines: Line[] = [];
  /** how far the clock of a host is ahead of the topology store's */
  private readonly aheadMicros = new Map<number, number>();

  constructor(servers: readonly [HostServer, HostServer]) {
    super();
    this.servers = servers;
  }

  /** A stream on A alone; B is there and empty. */
  async start(shardCount: number, settings: { splitKeys?: boolean } = {}): Promise<Shardlet[]> {
    await this.addServer();
    const stream = await this.addStream(shardCount, settings);
    await this.finishAll();
    await this.addServer();
    return this.open(stream);
  }

  async end(): Promise<void> {
    for (const { host, proxy } of this.lines) {
      proxy.cut();
      await host.close();
      await proxy.stop();
    }
    for (const fixture of this.fixtures) await fixture.close();
  }

  now({ id }: Pick<Shardlet, 'id'>): Shardlet {
    return this.map.shardlet(id)!;
  }

  async setAhead(host: number, micros: number): Promise<void> {
    this.aheadMicros.set(host, micros);
    await this.later(0);
  }

  /** All clocks go on. */
  async later(byMicros: number): Promise<void> {
    this.clock.advance(byMicros);
    for (const [i, fixture] of this.fixtures.entries())
      await fixture.setClock(this.clock.nowMicros() + (this.aheadMicros.get(i + 1) ?? 0));
  }

  async prepare(shardlet: Pick<Shardlet, 'id'>, dest: number): Promise<Shardlet> {
    const { id, epoch } = this.now(shardlet);
    await this.decide(prepareMigration({ id, epoch, dest }));
    return this.now(shardlet);
  }

  /** Carries out the move that the topology store has of it now. */
  async carryOut(shardlet: Pick<Shardlet, 'id'>, perform: Perform = this.performer()): Promise<Outcome> {
    await this.refresh();
    const outcome = await drive(moveMachine(this.map, this.now(shardlet)), perform);
    await this.refresh();
    return outcome;
  }

  /** What is left of the move, by another worker: before the commit or after it. */
  async complete(shardlet: Pick<Shardlet, 'id'>): Promise<void> {
    await this.refresh();
    if (this.now(shardlet).state.kind === 'moving') await this.carryOut(shardlet);
    else await this.finishAll();
  }

  async move(shardlet: Pick<Shardlet, 'id'>, dest: number, perform?: Perform): Promise<Outcome> {
    await this.prepare(shardlet, dest);
    return this.carryOut(shardlet, perform);
  }

  /** Drops everything that the topology store has let go of, as after the grace time. */
  async dropGarbage(): Promise<void> {
    this.clock.advance(GARBAGE_GRACE_MS * 1_000);
    const nowMs = this.clock.nowMicros() / 1_000;
    const batches = [A, B].flatMap((host) => dueGarbage(this.map, host, nowMs));
    await driveAll(
      batches.map((batch) => garbageMachine(batch, this.map)),
      this.performer(),
    );
    await this.refresh();
  }

  async line(hostId: number): Promise<Line> {
    const { engine, url } = this.servers[hostId - 1]!;
    const proxy = await startTcpProxy({ port: Number(new URL(url).port) });
    const host = await connectAnyHost({ engine, url: proxy.through(url) });
    const line = { host, proxy };
    this.lines.push(line);
    return line;
  }

  private async addServer(): Promise<void> {
    const { engine, make } = this.servers[this.fixtures.length]!;
    const fixture = await make();
    this.fixtures.push(fixture);
    await fixture.setClock(T0_MICROS);
    await this.join(fixture.host, engine);
  }
}

type OnHost = Extract<Action, { readonly host: number }>;

/** Calls that are on their way and do not arrive until the test wants it, each on a line of its own. */
export class HeldBack {
  private readonly cluster: ServerCluster;
  private readonly calls: {
    readonly action: OnHost;
    readonly line: Line;
    readonly reply: Promise<unknown>;
  }[] = [];

  constructor(cluster: ServerCluster) {
    this.cluster = cluster;
  }

  async send(action: OnHost): Promise<void> {
    const line = await this.cluster.line(action.host);
    line.proxy.hold('toServer');
    const neverAsked = () => Promise.reject(new Error('only hosts are asked late'));
    const perform = performer({
      host: async () => line.host,
      decide: neverAsked,
      readTopology: neverAsked,
    });
    const reply = perform(action as Exclude<Action, ActionOf<'run'>>).catch((error: Error) => error);
    this.calls.push({ action, line, reply });
  }

  /** The last one first. Answers what the hosts have said. */
  async deliver(): Promise<{ readonly kind: Action['kind']; readonly reply: unknown }[]> {
    const answers = [];
    for (const { action, line, reply } of this.calls.splice(0).reverse()) {
      await line.proxy.release('toServer');
      answers.push({ kind: action.kind, reply: await reply });
    }
    return answers;
  }
}

/** Before the n-th action (from 0) the worker stands still, and others work. */
export function standingStillAt(n: number, perform: Perform, others: () => Promise<void>): Perform {
  let count = 0;
  return async (action) => {
    if (count++ === n) await others();
    return perform(action);
  };
}
