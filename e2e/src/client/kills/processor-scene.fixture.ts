/**
 * Processors of one stream under load, with every part of the cluster a process of its own, and checkpoints in a folder of which
 * some are deleted and damaged. At the end one more processor takes over everything and restores it: its state is judged.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Foreshard, type Processor, type ProcessorNotice } from '@foreshard/client/source';
import type { Shardlet } from '@foreshard/core/topology';
import { freePort, temporaryFolder } from '@foreshard/local';
import { Pool } from 'pg';
import {
  type Answer,
  EDGE,
  EdgeCluster,
  until,
  WORKER,
} from '../../../../apps/edge/src/edge-process.fixture.ts';
import { Part } from './scene.fixture.ts';

const STREAM = 'main';
const GROUP = 'counting';
const KEYS = 40;
const EVENTS_PER_ROUND = 5;
const ROUND_MS = 50;
const UNDER_WAY_MAX = 2_000;
const SESSION_MS = 2_000;
const MEMBERS = 3;
const MEMBER = new URL('processor-member.fixture.ts', import.meta.url).pathname;

export class ProcessorScene {
  readonly cluster: EdgeCluster;
  readonly ledger: Pool;
  readonly edges: Part[] = [];
  readonly workers: Part[] = [];
  readonly members: Part[] = [];
  readonly folder: string;
  readonly client: Foreshard;
  /** ids of events that are stored */
  sent = 0;
  private readonly removeFolder: () => Promise<void>;
  private readonly edgeUrls: readonly string[];
  private load: Promise<void> = Promise.resolve();
  private isOver = false;

  static async start(postgresUrl: string): Promise<ProcessorScene> {
    const { path, remove } = await temporaryFolder('checkpoints');
    const cluster = await EdgeCluster.start(3, postgresUrl, {
      EDGE_REFRESH_MS: '300',
      CHECKPOINT_STORE: `file://${path}`,
    });
    const scene = new ProcessorScene(cluster, [await freePort(), await freePort()], path, remove);
    await scene.open();
    return scene;
  }

  private constructor(
    cluster: EdgeCluster,
    ports: readonly number[],
    folder: string,
    removeFolder: () => Promise<void>,
  ) {
    [this.cluster, this.folder, this.removeFolder] = [cluster, folder, removeFolder];
    this.ledger = new Pool({ connectionString: cluster.databaseUrl, max: 4 });
    // the query that needs the connection fails
    this.ledger.on('error', () => {});
    this.edgeUrls = ports.map((port) => `http://127.0.0.1:${port}`);
    this.client = connect({ url: this.edgeUrls, token: cluster.token });
  }

  begin(): void {
    this.load = this.send();
  }

  /** Until all is processed. */
  async finish(withinMs: number): Promise<void> {
    this.isOver = true;
    await this.load;
    const deadlineMs = Date.now() + withinMs;
    for (let lag = await this.lag(); lag !== 0; lag = await this.lag()) {
      if (Date.now() > deadlineMs) throw new Error(`the lag is ${lag} still`);
      await sleep(200);
    }
  }

  /** All members end in order; the one that is returned restores everything. */
  async takeOver(notices: ProcessorNotice[]): Promise<Processor<string[]>> {
    await Promise.all(this.members.map((member) => member.end()));
    const processor = this.client.processor<string[]>({
      ...{ group: GROUP, member: 'judge', heartbeatMs: 200 },
      onNotice: (notice) => notices.push(notice),
    });
    const failed = processor.run({
      handle: () => {
        throw new Error('everything was processed');
      },
    });
    const open = (await this.shardlets()).filter(({ state }) => state.kind === 'open').length;
    const isReady = async () => processor.stats().shardlets >= open && processor.stats().recovering === 0;
    await Promise.race([until('everything is restored', isReady), failed]);
    return processor;
  }

  /** By key, ids in the order of the log. */
  async log(): Promise<Map<string, string[]>> {
    const log = new Map<string, string[]>();
    for await (const item of this.client.reader().read())
      if (item.kind === 'event')
        log.set(item.event.subject!, [...(log.get(item.event.subject!) ?? []), item.event.id]);
    return log;
  }

  /** Whichever there are: the folder has those that are being uploaded, too. */
  async contents(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  }

  async loseContent(path: string, isDamaged: boolean): Promise<void> {
    // pruned meanwhile
    if (isDamaged) await writeFile(path, 'damaged', { flag: 'r+' }).catch(() => {});
    else await rm(path, { force: true });
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

  async stop(): Promise<void> {
    this.isOver = true;
    await this.cluster.stop();
    await this.load.catch(() => {});
    await this.ledger.end();
    await this.removeFolder();
  }

  private async lag(): Promise<number | null | undefined> {
    return (await this.ask(`/v1/groups/${GROUP}`).catch(() => undefined))?.body.lag;
  }

  private async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await this.ledger.query(
      'CREATE TABLE tested_effect (id text, shardlet bigint, seq bigint, again boolean)',
    );
    await this.cluster.createStream({ name: STREAM, shardCount: 4 });
    for (const url of this.edgeUrls)
      this.edges.push(new Part(() => this.cluster.startProcess(EDGE, { EDGE_PORT: new URL(url).port })));
    const workerPort = String(await freePort());
    this.workers.push(new Part(() => this.cluster.startProcess(WORKER, { WORKER_PORT: workerPort })));
    for (const url of this.edgeUrls)
      await until('the edge is ready', async () => (await fetch(`${url}/readyz`)).ok);
    const group = { name: GROUP, stream: STREAM, sessionMs: SESSION_MS };
    const reply = await this.ask('/v1/groups', { ...group, checkpoints: { checkpoint_threshold: 100 } });
    if (reply.status !== 201) throw new Error(JSON.stringify(reply));
    for (let i = 0; i < MEMBERS; i++) this.members.push(new Part((life) => this.member(i, life)));
  }

  /** Every other time it comes back under another name: then its shardlets are free after the session only. */
  private member(index: number, life: number) {
    const urls = index === 0 ? this.edgeUrls : this.edgeUrls.toReversed();
    return this.cluster.startProcess(MEMBER, {
      ...{ EDGE_URLS: urls.join(','), TOKEN: this.cluster.token },
      ...{ GROUP, MEMBER: `counter-${index}-${life >> 1}` },
    });
  }

  private async send(): Promise<void> {
    const producer = this.client.producer({ stream: STREAM, source: '/kills', batchEventsMax: 100 });
    const sends = new Set<Promise<void>>();
    for (let i = 0; !this.isOver; i++) {
      const sent = producer.send({ id: String(i), type: 't', subject: `k${i % KEYS}` }).then(() => {
        this.sent++;
        sends.delete(sent);
      });
      sends.add(sent);
      while (sends.size > UNDER_WAY_MAX) await Promise.race(sends);
      if (i % EVENTS_PER_ROUND === 0) await sleep(ROUND_MS);
    }
    await Promise.all(sends);
    await producer.close();
  }
}
