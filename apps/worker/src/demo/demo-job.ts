/**
 * Carries the demo out, and cleans up: after itself, and after one whose worker died.
 *
 *   requested -> running: measure -> learn -> run, six times -> cleaning -> ended
 *   running or cleaning, and nobody holds the lock: its worker died -> cleaning -> ended
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEMO_STREAM,
  type DemoStatus,
  type DemoStore,
  demoWorld,
  isUnderWay,
  runningOrder,
  type StoredDemo,
  summaryOf,
} from '@foreshard/core/demo';
import { seededRandom } from '@foreshard/core/kernel';
import type { MapFollower, TopologyMap } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { LoadFeed } from '../telemetry/load-feed.ts';
import { DemoBoard, DemoStopped } from './demo-board.ts';
import { DemoOrders, type DemoOrdersParts, FILLED_BYTES_OF_SHARDLET } from './demo-orders.ts';
import { demoShardlets, KEYS_A_SHARDLET, LiveRun, runsOf } from './demo-run.ts';
import { Foresight } from './foresight.ts';
import { keysOf } from './keys.ts';
import { sendLoad } from './load-process.ts';
import type { FillReport, MeasureReport } from './load-protocol.ts';

interface Address {
  readonly url: string;
  readonly token: string;
}

export interface DemoJobParts extends DemoOrdersParts {
  readonly demo: DemoStore;
  readonly follower: Pick<MapFollower, 'upToDate'> & { readonly map: TopologyMap };
  readonly feed: LoadFeed;
  readonly edgeUrl: string | undefined;
  /** undefined: another worker has it */
  readonly exclusively: (work: () => Promise<object>) => Promise<object | undefined>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

/** The first host gets the rush. */
const BUSY_HOST = 0;
const MEASURE_MS = 2_000;
/** Of what this machine takes, each host of the demo: all hosts together then ask for a third of it at most. */
const HOST_SHARE_OF_MACHINE = 0.12;
const HOST_PER_SECOND_MIN = 40;
/** More is no better picture, and leaves less of the machine to whoever watches. */
const HOST_PER_SECOND_MAX = 250;
const FILL_EVENT_BYTES = 2_000;
const OPEN_WITHIN_MS = 20_000;
const SETTLED_WITHIN_MS = 30_000;
const LOOK_MS = 150;
const WORKER_DIED = 'its worker ended while it ran; another one has cleaned up';

export class DemoJob {
  private readonly parts: DemoJobParts;

  constructor(parts: DemoJobParts) {
    this.parts = parts;
  }

  async run(signal: AbortSignal): Promise<object | undefined> {
    const found = await this.parts.demo.read();
    if (found === undefined || !isUnderWay(found.status)) return undefined;
    return this.parts.exclusively(async () => {
      const demo = await this.parts.demo.read();
      if (demo === undefined || !isUnderWay(demo.status)) return {};
      if (demo.status.state === 'requested') return this.perform(demo, signal);
      const { outcome, reason } = demo.status;
      const ended =
        outcome === null ? ({ outcome: 'failed', reason: WORKER_DIED } as const) : { outcome, reason };
      return this.cleanUp(demo.status, new DemoOrders(this.parts, demo.principal), ended);
    });
  }

  private async perform({ status, principal }: StoredDemo, signal: AbortSignal): Promise<object> {
    const orders = new DemoOrders(this.parts, principal);
    const stopping = new AbortController();
    const board = new DemoBoard(this.parts.demo, status, (reason) => stopping.abort(reason));
    let ended: Pick<DemoStatus, 'outcome' | 'reason'> = { outcome: 'done', reason: null };
    try {
      await this.show(board, orders, AbortSignal.any([signal, stopping.signal]));
    } catch (error) {
      // what is waited for ends with an error of its own
      const cause = stopping.signal.aborted ? (stopping.signal.reason as Error) : (error as Error);
      const isStopped = cause instanceof DemoStopped;
      if (!isStopped) this.parts.log.warn({ err: cause }, 'the demo failed');
      ended = { outcome: isStopped ? 'stopped' : 'failed', reason: cause.message };
    } finally {
      await board.close();
    }
    return this.cleanUp(board.status, orders, ended);
  }

  /** @throws DemoStopped, and whatever stands in its way */
  private async show(board: DemoBoard, orders: DemoOrders, signal: AbortSignal): Promise<void> {
    const { edgeUrl: url, follower, feed, nowMs } = this.parts;
    if (url === undefined)
      throw new Error('the worker does not know the address of the edge: set FORESHARD_EDGE_URL for it');
    await follower.upToDate();
    const hosts = follower.map.hosts();
    const random = seededRandom(board.status.seed!);
    const order = runningOrder(random);
    board.change({
      state: 'running',
      step: 'Creating a stream for it',
      hosts: hosts.map(({ name }) => name),
    });
    board.change({ busyHost: BUSY_HOST, runs: runsOf(order) });
    await board.writeNow();
    const address = { url, token: await orders.makeToken() };
    await this.createStream(orders, hosts.length, signal);
    await this.measure(board, address, signal);
    const { clock, seed, hostPerSecond } = board.status;
    const world = demoWorld({
      ...{ ...clock, seed: seed!, hosts: hosts.length, busyHost: BUSY_HOST, hostPerSecond: hostPerSecond! },
    });
    board.change({ history: historyOf(world.history, hosts.length), step: 'Learning a week of history' });
    await board.writeNow();
    const foresight = new Foresight(world.history);
    await foresight.learn(signal);
    for (const { number, arm } of board.status.runs) {
      board.change({ step: stepOf(number, order.length, arm) });
      await this.renewStream(orders, hosts.length, signal);
      await this.fill(address, number, signal);
      const parts = { board, orders, follower, feed, foresight, morning: world.morning, address, nowMs };
      await new LiveRun(parts, { number }).run(signal);
      board.change({ summary: summaryOf(board.status.runs) ?? null });
    }
  }

  private async measure(board: DemoBoard, address: Address, signal: AbortSignal): Promise<void> {
    board.change({ step: 'Measuring what this machine takes' });
    const keys = keysOf(demoShardlets(this.parts.follower.map), KEYS_A_SHARDLET).flat();
    const order = { kind: 'measure', ...address, stream: DEMO_STREAM, keys, ms: MEASURE_MS } as const;
    const { perSecond } = (await sendLoad(order, signal)) as MeasureReport;
    const fitting = Math.round(perSecond * HOST_SHARE_OF_MACHINE);
    if (fitting < HOST_PER_SECOND_MIN)
      throw new Error(
        `this machine took ${perSecond} events/s just now, too few to show anything: try again when it has less to do`,
      );
    board.change({ machinePerSecond: perSecond, hostPerSecond: Math.min(HOST_PER_SECOND_MAX, fitting) });
    await board.writeNow();
  }

  /** @throws when not all of it is stored */
  private async fill(address: Address, run: number, signal: AbortSignal): Promise<void> {
    const keys = keysOf(demoShardlets(this.parts.follower.map), KEYS_A_SHARDLET);
    const eventsOfShardlet = FILLED_BYTES_OF_SHARDLET / FILL_EVENT_BYTES;
    const order = { kind: 'fill', ...address, stream: DEMO_STREAM, run, keys, eventsOfShardlet } as const;
    const { refused } = (await sendLoad({ ...order, eventBytes: FILL_EVENT_BYTES }, signal)) as FillReport;
    if (refused > 0) throw new Error(`${refused} events of what a run begins with were refused`);
  }

  private async renewStream(orders: DemoOrders, hosts: number, signal: AbortSignal): Promise<void> {
    await this.settled(orders, signal);
    await orders.deleteStream();
    await this.createStream(orders, hosts, signal);
  }

  private async createStream(orders: DemoOrders, hosts: number, signal: AbortSignal): Promise<void> {
    await orders.createStream(hosts);
    await this.until('the stream of the demo does not open', OPEN_WITHIN_MS, signal, () => {
      const shardlets = demoShardlets(this.parts.follower.map);
      return shardlets.length > 0 && shardlets.every(({ state }) => state.kind === 'open');
    });
  }

  /** Nothing of the stream is opening or moving: it can be deleted. */
  private async settled(orders: DemoOrders, signal: AbortSignal): Promise<void> {
    const busy = () =>
      demoShardlets(this.parts.follower.map).filter(
        ({ state: { kind } }) => kind !== 'open' && kind !== 'closed',
      );
    await this.parts.follower.upToDate();
    // one that has arrived meanwhile needs no end
    for (const { state } of busy())
      if (state.kind === 'moving') await orders.abortMove(state.nextEpoch).catch(() => {});
    await this.until('moves of the demo do not end', SETTLED_WITHIN_MS, signal, () => busy().length === 0);
  }

  private async until(
    what: string,
    withinMs: number,
    signal: AbortSignal,
    isSo: () => boolean,
  ): Promise<void> {
    const deadlineMs = this.parts.nowMs() + withinMs;
    for (;;) {
      await this.parts.follower.upToDate();
      if (isSo()) return;
      if (this.parts.nowMs() > deadlineMs) throw new Error(what);
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  /** However it ended. What fails here is tried again by the next run of the job. */
  private async cleanUp(
    status: DemoStatus,
    orders: DemoOrders,
    ended: Pick<DemoStatus, 'outcome' | 'reason'>,
  ): Promise<object> {
    const { demo, follower, nowMs } = this.parts;
    await demo.write({ ...status, ...ended, state: 'cleaning', step: 'Deleting its stream' });
    const tokenId = (await demo.read())?.tokenId ?? null;
    if (tokenId !== null) await orders.revokeToken(tokenId);
    await follower.upToDate();
    if (follower.map.streamNamed(DEMO_STREAM) !== undefined) {
      await this.settled(orders, AbortSignal.timeout(SETTLED_WITHIN_MS));
      await orders.deleteStream();
    }
    const endedAt = new Date(nowMs()).toISOString();
    await demo.write({ ...status, ...ended, state: 'ended', step: 'Ended', endedAt });
    return { demo: ended.outcome, reason: ended.reason, seed: status.seed };
  }
}

/** Of the busy host, the last day. */
function historyOf(history: readonly Float64Array[], hosts: number): number[] {
  const own = history.filter((_, shard) => shard % hosts === BUSY_HOST);
  const length = own[0]!.length;
  const steps = Math.min(length, (24 * 60) / 5);
  return Array.from({ length: steps }, (_, step) =>
    Math.round(own.reduce((sum, values) => sum + values[length - steps + step]!, 0)),
  );
}

function stepOf(number: number, of: number, arm: 'with' | 'without'): string {
  return `Run ${number} of ${of}: ${arm === 'with' ? 'with the forecast' : 'without it, by measured load only'}`;
}
