/**
 * Consumers of one stream (by polls, server-sent events, push, or polls in the order of the log) under load, with every part
 * of the cluster a process of its own: faults.fixture.ts kills and freezes them, check.fixture.ts judges what came out.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Foreshard } from '@foreshard/client/source';
import type { Shardlet } from '@foreshard/core/topology';
import { createDatabase, freePort } from '@foreshard/local';
import {
  type Answer,
  EDGE,
  EdgeCluster,
  until,
  WORKER,
} from '../../../../apps/edge/src/edge-process.fixture.ts';
import { Ledger } from './ledger.fixture.ts';
import { StarvationWatch } from './starvation-watch.fixture.ts';

export const STREAM = 'main';
type Pulling = 'pulled' | 'followed' | 'ordered';
type GroupName = Pulling | 'pushed';

/** Who consumes, and on what. */
export interface Cast {
  readonly groups: readonly GroupName[];
  readonly redisHosts: number;
  readonly postgresHosts: number;
}

const KEYS = 40;
const EVENTS_PER_ROUND = 5;
const ROUND_MS = 20;
const UNDER_WAY_MAX = 2_000;
const SESSION_MS = 2_000;
/** of many processes at once, before anything is measured */
const STARTED_WITHIN_MS = 90_000;
const WATCH_MS = 300;
const MEMBER = new URL('member.fixture.ts', import.meta.url).pathname;
const ORDERED_MEMBER = new URL('ordered-member.fixture.ts', import.meta.url).pathname;

/** A process that is killed and started again. */
export class Part {
  private child: ChildProcess;
  private readonly start: (life: number) => ChildProcess;
  private lives = 0;

  constructor(start: (life: number) => ChildProcess) {
    this.start = start;
    this.child = start(0);
  }

  async killAndRestart(downMs: number): Promise<void> {
    if (this.child.exitCode !== null)
      throw new Error(`it ended by itself, with exit code ${this.child.exitCode}`);
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
    await sleep(downMs);
    this.child = this.start(++this.lives);
  }

  /** It goes on where it stopped. */
  async freeze(forMs: number): Promise<void> {
    const frozen = this.child;
    frozen.kill('SIGSTOP');
    await sleep(forMs);
    frozen.kill('SIGCONT');
  }

  /** In order, for good. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }
}

export class Scene {
  readonly groups: readonly GroupName[];
  readonly cluster: EdgeCluster;
  readonly ledger: Ledger;
  readonly edgeUrls: readonly string[];
  readonly client: Foreshard;
  readonly edges: Part[] = [];
  readonly workers: Part[] = [];
  readonly members: Readonly<Record<Pulling, Part[]>> = { pulled: [], followed: [], ordered: [] };
  /** by key, ids in the order of their acknowledgement */
  readonly acknowledged = new Map<string, string[]>();
  /** commits that went past an event, whenever they were seen */
  readonly passedOver: string[] = [];
  readonly starvation = new StarvationWatch();
  watches = 0;
  cacheHits = 0;
  private readonly ledgerUrl: string;
  private readonly receiver: Server;
  private load: Promise<void> = Promise.resolve();
  private watching: Promise<void> = Promise.resolve();
  private isOver = false;
  private isWatched = true;

  static async start(postgresUrl: string, { groups, redisHosts, postgresHosts }: Cast): Promise<Scene> {
    const settings = { FORESHARD_PRIVATE_NETWORKS: '127.0.0.0/8', EDGE_REFRESH_MS: '300' };
    const cluster = await EdgeCluster.start(redisHosts, postgresUrl, settings, postgresHosts);
    const ledgerUrl = await createDatabase(postgresUrl, `ledger_${process.pid}_${process.hrtime.bigint()}`);
    const ports = [await freePort(), await freePort()];
    const scene = new Scene(cluster, groups, ledgerUrl, ports);
    await scene.open(ports);
    return scene;
  }

  private constructor(
    cluster: EdgeCluster,
    groups: readonly GroupName[],
    ledgerUrl: string,
    ports: readonly number[],
  ) {
    this.groups = groups;
    this.cluster = cluster;
    this.ledgerUrl = ledgerUrl;
    this.ledger = new Ledger(ledgerUrl);
    this.edgeUrls = ports.map((port) => `http://127.0.0.1:${port}`);
    this.client = connect({ url: this.edgeUrls, token: cluster.token });
    this.receiver = this.pushReceiver();
  }

  /** Sends until `finish`, and watches the checkpoints meanwhile. */
  begin(): void {
    this.load = this.send();
    this.watching = this.watch();
  }

  /** Until every group has processed all that was acknowledged. */
  async finish(withinMs: number): Promise<void> {
    this.isOver = true;
    await this.load;
    const sent = [...this.acknowledged.values()].reduce((sum, ids) => sum + ids.length, 0);
    const deadlineMs = Date.now() + withinMs;
    for (const group of this.groups)
      while ((await this.ledger.effects(group)).length < sent || (await this.lagOf(group)) !== 0) {
        if (Date.now() > deadlineMs) {
          const done = (await this.ledger.effects(group)).length;
          throw new Error(
            `${group} has processed ${done} of ${sent} events, lag ${await this.lagOf(group)}; ${this.passedOver}`,
          );
        }
        await sleep(WATCH_MS);
      }
    this.isWatched = false;
    await this.watching;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    this.isWatched = false;
    await this.cluster.stop();
    await Promise.allSettled([this.load, this.watching]);
    this.receiver.closeAllConnections();
    this.receiver.close();
    await this.ledger.close();
  }

  async shardlets(): Promise<readonly Shardlet[]> {
    return (await this.cluster.control.topology.snapshot()).shardlets;
  }

  /** Of the edge that answers. @throws when none does */
  async ask(path: string, body?: object): Promise<Pick<Answer, 'status' | 'body'>> {
    let failure: unknown;
    for (const url of this.edgeUrls)
      try {
        const response = await fetch(url + path, {
          headers: { authorization: `Bearer ${this.cluster.token}`, 'content-type': 'application/json' },
          signal: AbortSignal.timeout(10_000),
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        });
        if (response.status < 500) return { status: response.status, body: await response.json() };
        failure = new Error(`${path}: ${response.status} ${await response.text()}`);
      } catch (error) {
        failure = error;
      }
    throw failure;
  }

  async lagOf(group: string): Promise<number | null | undefined> {
    return (await this.ask(`/v1/groups/${group}`).catch(() => undefined))?.body.lag;
  }

  private async open(ports: readonly number[]): Promise<void> {
    await this.ledger.prepare();
    await this.cluster.createStream({ name: STREAM, shardCount: 4 });
    for (const port of ports)
      this.edges.push(new Part(() => this.cluster.startProcess(EDGE, { EDGE_PORT: String(port) })));
    // beside the one that the cluster has
    const workerPort = String(await freePort());
    this.workers.push(new Part(() => this.cluster.startProcess(WORKER, { WORKER_PORT: workerPort })));
    for (const url of this.edgeUrls)
      await until('the edge is ready', async () => (await fetch(`${url}/readyz`)).ok, STARTED_WITHIN_MS);
    for (const group of this.groups) await this.create(group);
    for (const index of [0, 1])
      for (const group of this.groups)
        if (group !== 'pushed') this.members[group].push(new Part((life) => this.member(group, index, life)));
  }

  private async create(name: GroupName): Promise<void> {
    const { port } = this.receiver.address() as { port: number };
    const order = name === 'ordered' ? { order: 'log' } : {};
    if (name === 'pushed')
      await this.created(`/v1/groups/${name}/push`, { stream: STREAM, url: `http://127.0.0.1:${port}/` });
    else await this.created('/v1/groups', { name, stream: STREAM, sessionMs: SESSION_MS, ...order });
  }

  private async created(path: string, body: object): Promise<void> {
    const reply = await this.ask(path, body);
    if (reply.status !== 201) throw new Error(JSON.stringify(reply));
  }

  /** Every other time it comes back under another name: then its shardlets are free after the session only. */
  private member(group: Pulling, index: number, life: number): ChildProcess {
    const urls = index === 0 ? this.edgeUrls : this.edgeUrls.toReversed();
    return this.cluster.startProcess(group === 'ordered' ? ORDERED_MEMBER : MEMBER, {
      ...{ EDGE_URLS: urls.join(','), TOKEN: this.cluster.token, LEDGER_URL: this.ledgerUrl },
      ...{
        GROUP: group,
        MEMBER: `${group}-${index}-${life >> 1}`,
        MODE: group === 'pulled' ? 'pull' : 'sse',
      },
    });
  }

  private async send(): Promise<void> {
    const producer = this.client.producer({ stream: STREAM, source: '/kills', batchEventsMax: 100 });
    const sends = new Set<Promise<void>>();
    for (let i = 0; !this.isOver; i++) {
      const key = `k${i % KEYS}`;
      const id = String(i);
      const sent = producer.send({ id, type: 't', subject: key }).then(() => {
        this.acknowledged.set(key, [...(this.acknowledged.get(key) ?? []), id]);
        sends.delete(sent);
      });
      sends.add(sent);
      while (sends.size > UNDER_WAY_MAX) await Promise.race(sends);
      if (i % EVENTS_PER_ROUND === 0) await sleep(ROUND_MS);
    }
    await Promise.all(sends);
    await producer.close();
  }

  /** First the checkpoint, then what is processed: what was committed in between cannot hide anything. */
  private async watch(): Promise<void> {
    while (this.isWatched) {
      for (const group of this.groups) {
        const reply = await this.ask(`/v1/groups/${group}`).catch(() => undefined);
        if (reply?.status !== 200) continue;
        this.passedOver.push(...(await this.ledger.passedOver(group, reply.body.shardlets)));
        this.starvation.look(group, reply.body.shardlets);
        this.watches++;
      }
      const caches: { hits: number }[] =
        (await this.ask('/v1/cache').catch(() => undefined))?.body.caches ?? [];
      this.cacheHits = Math.max(
        this.cacheHits,
        caches.reduce((sum, { hits }) => sum + hits, 0),
      );
      await sleep(WATCH_MS);
    }
  }

  private pushReceiver(): Server {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const number = (name: string): number => Number(request.headers[`foreshard-${name}`]);
      const first = number('first-seq');
      const events = (JSON.parse(body) as { id: string; subject: string }[]).map(({ id, subject }, i) => ({
        ...{ seq: first + i, id, key: subject },
      }));
      const place = { shardlet: number('shardlet'), assignment: number('assignment') };
      const isTaken = await this.ledger.take('pushed', {
        ...place,
        through: first + events.length - 1,
        events,
      });
      response.writeHead(isTaken ? 204 : 409).end();
    });
    return server.listen(0, '127.0.0.1');
  }
}
