/** A seeded schedule of kills, freezes and of changes of shardlets, each kind once a round; its order and its pauses are drawn. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom } from '@foreshard/core/kernel';
import type { Shardlet } from '@foreshard/core/topology';
import type { LocalServer } from '@foreshard/local';
import type { Answer, EdgeCluster } from '../../../../apps/edge/src/edge-process.fixture.ts';
import type { Part } from './scene.fixture.ts';

const PAUSE_MS = { min: 300, more: 1_000 };
const DOWN_MS_MAX = 800;
/** longer than a session, now and then */
const FROZEN_MS_MAX = 3_500;
const ORDERED_WITHIN_MS = 30_000;

/** What there is to kill, and whom to give orders. */
export interface Stage {
  readonly cluster: EdgeCluster;
  readonly edges: readonly Part[];
  readonly workers: readonly Part[];
  shardlets(): Promise<readonly Shardlet[]>;
  ask(path: string, body?: object): Promise<Pick<Answer, 'status' | 'body'>>;
}

export type Fault<S extends Stage = Stage> = (scene: S, random: Random) => Promise<unknown>;
export type Faults<S extends Stage> = Readonly<Record<string, Fault<S>>>;

/** Beside the members, which are each scene's own. */
export const STRUCTURE_FAULTS: Faults<Stage> = {
  'kill an edge': (scene, random) => kill(scene.edges, random),
  'kill a worker': (scene, random) => kill(scene.workers, random),
  'kill the other worker': ({ cluster }) => cluster.startWorkerAgain(),
  'kill a host': ({ cluster }, random) => killHost(oneOf(cluster.hosts, random)!, random),
  split: (scene, random) => split(scene, random),
  'two rolls in a row': async (scene, random) => {
    const first = await ordered(scene, async () => {
      const shardlet = oneOf(await openOnes(scene), random);
      return shardlet && { shardlet, path: `/v1/shardlets/${shardlet.id}/roll`, body: {} };
    });
    await ordered(scene, async () => {
      const shardlet = (await openOnes(scene)).find((s) => s.parents.includes(first.id));
      return shardlet && { shardlet, path: `/v1/shardlets/${shardlet.id}/roll`, body: {} };
    });
  },
  merge: async (scene, random) => {
    const pairs = async () => neighbours(await openOnes(scene));
    if ((await pairs()).length === 0) await split(scene, random);
    await ordered(scene, async () => {
      const pair = oneOf(await pairs(), random);
      return pair && { shardlet: pair[0]!, path: '/v1/merge', body: { shardlets: pair.map((s) => s.id) } };
    });
  },
  move: (scene, random) =>
    ordered(scene, async () => {
      const shardlet = oneOf(await openOnes(scene), random);
      if (shardlet === undefined) return undefined;
      const { hosts } = await scene.cluster.control.topology.snapshot();
      const to = oneOf(
        hosts.filter((host) => host.id !== shardlet.owner),
        random,
      )!.id;
      return { shardlet, path: '/v1/migrations', body: { shardlets: [shardlet.id], to, reason: 'a test' } };
    }),
};

/** Whoever is frozen for long goes on with what it held, and finds that others have it. */
export const FREEZES: Faults<Stage> = {
  'freeze an edge': (scene, random) => freeze(scene.edges, random),
  'freeze a worker': (scene, random) => freeze(scene.workers, random),
  'freeze a host': async ({ cluster }, random) => {
    const pids = await familyOf(oneOf(cluster.hosts, random)!.pid);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await sleep(random.next() * FROZEN_MS_MAX);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  },
};

/** Answers what was done, in order: changes go on while the next thing is killed. */
export async function runFaults<S extends Stage>(
  scene: S,
  faults: Faults<S>,
  { seed, rounds }: { readonly seed: number; readonly rounds: number },
): Promise<string[]> {
  const random = seededRandom(seed);
  const done: string[] = [];
  for (let round = 0; round < rounds; round++)
    for (const name of shuffled(Object.keys(faults), random)) {
      await faults[name]!(scene, random);
      done.push(name);
      await sleep(PAUSE_MS.min + random.next() * PAUSE_MS.more);
    }
  return done;
}

interface Order {
  readonly shardlet: Shardlet;
  readonly path: string;
  readonly body: object;
}

/** Until one is accepted: an order is refused while its shardlet is moving or its host is away. */
async function ordered(scene: Stage, next: () => Promise<Order | undefined>): Promise<Shardlet> {
  const deadlineMs = Date.now() + ORDERED_WITHIN_MS;
  let last: unknown;
  while (Date.now() < deadlineMs) {
    const order = await next();
    if (order !== undefined) {
      const reply = await scene
        .ask(order.path, order.body)
        .catch((error: unknown) => ({ status: 0, body: String(error) }));
      if (isAccepted(reply)) return order.shardlet;
      last = reply;
    }
    await sleep(100);
  }
  throw new Error(`no order was accepted; the last answer: ${JSON.stringify(last)}`);
}

function isAccepted({ status, body }: Pick<Answer, 'status' | 'body'>): boolean {
  return status === 202 && (body.results === undefined || body.results.some(isStarted));
}

function isStarted({ migration }: { migration: number | null }): boolean {
  return migration !== null;
}

function split(scene: Stage, random: Random): Promise<Shardlet> {
  return ordered(scene, async () => {
    const shardlet = oneOf(await openOnes(scene), random);
    return shardlet && { shardlet, path: `/v1/shardlets/${shardlet.id}/split`, body: {} };
  });
}

export async function kill(
  parts: readonly { killAndRestart(downMs: number): Promise<void> }[],
  random: Random,
): Promise<void> {
  await oneOf(parts, random)!.killAndRestart(random.next() * DOWN_MS_MAX);
}

export async function killHost(host: LocalServer, random: Random): Promise<void> {
  await host.kill();
  await sleep(random.next() * DOWN_MS_MAX);
  await host.restart();
}

export async function freeze(parts: readonly Pick<Part, 'freeze'>[], random: Random): Promise<void> {
  await oneOf(parts, random)!.freeze(random.next() * FROZEN_MS_MAX);
}

/** The parent first: a PostgreSQL that is frozen starts no session. */
async function familyOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
}

async function openOnes(scene: Stage): Promise<Shardlet[]> {
  return (await scene.shardlets()).filter((s) => s.state.kind === 'open');
}

function neighbours(open: readonly Shardlet[]): Shardlet[][] {
  return open.flatMap((left) =>
    open
      .filter((right) => right.shard === left.shard && right.owner === left.owner)
      .filter(({ range: { from } }) => from.hi === left.range.to.hi && from.lo === left.range.to.lo)
      .map((right) => [left, right]),
  );
}

export function oneOf<T>(all: readonly T[], random: Random): T | undefined {
  return all[Math.floor(random.next() * all.length)];
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  return all
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
