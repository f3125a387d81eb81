/**
 * One run: the load is sent, and after each second that the edge has reported, the planner looks, with the forecast or
 * without it, and what it plans is ordered at once. All of it is done by the code and the servers of the product; only the
 * clock of the made-up day is faster, five minutes a second.
 */
import {
  DEMO_STREAM,
  type DemoMove,
  type DemoResult,
  type DemoRun,
  type DemoStatus,
  otherEvents,
} from '@foreshard/core/demo';
import type { Host, MapFollower, Shardlet, TopologyMap } from '@foreshard/core/topology';
import type { LoadFeed } from '../telemetry/load-feed.ts';
import { type DemoBoard, DemoStopped } from './demo-board.ts';
import type { DemoOrders } from './demo-orders.ts';
import { planDemo } from './demo-plan.ts';
import type { Foresight, Quantiles } from './foresight.ts';
import { keysOf } from './keys.ts';
import { sendLoad } from './load-process.ts';
import type { MorningReport } from './load-protocol.ts';
import { type MeasuredSecond, measuredSeconds } from './measured-load.ts';

export interface DemoRunParts {
  readonly board: DemoBoard;
  readonly orders: DemoOrders;
  readonly follower: Pick<MapFollower, 'upToDate'> & { readonly map: TopologyMap };
  readonly feed: LoadFeed;
  readonly foresight: Foresight;
  readonly morning: readonly (readonly number[])[];
  readonly address: { readonly url: string; readonly token: string };
  readonly nowMs: () => number;
}

export const KEYS_A_SHARDLET = 12;
/** The first whole second of the edge that begins after it: by then the limit holds, and the load is ready to be sent. */
const STARTS_IN_MS = 2_300;
/** Another stream that takes so much in a second ends the demo. */
const OTHER_PER_SECOND_MAX = 25;
/** The edge tells of a second a second after it; this long is waited for the last one. */
const LAST_SECOND_WITHIN_MS = 4_000;

export class LiveRun {
  private readonly parts: DemoRunParts;
  private readonly number: number;
  private readonly hosts: readonly Host[];
  private readonly shardlets: readonly Shardlet[];
  private readonly measured: number[][];
  private readonly moves = new Map<number, DemoMove>();
  private startMs = 0;

  constructor(parts: DemoRunParts, { number }: Pick<DemoRun, 'number'>) {
    this.parts = parts;
    this.number = number;
    this.hosts = parts.follower.map.hosts();
    this.shardlets = demoShardlets(parts.follower.map);
    this.measured = this.shardlets.map(() => []);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { board, morning, address } = this.parts;
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const seconds = measuredSeconds(this.parts.feed, both);
    // from here on the edge lets each host take its share
    board.changeRun(this.number, () => ({ state: 'running' }));
    await board.writeNow();
    this.startMs = await this.nextStart(seconds);
    const load = sendLoad(
      {
        ...{ kind: 'morning', ...address, stream: DEMO_STREAM, run: this.number, startMs: this.startMs },
        ...{ keys: keysOf(this.shardlets, KEYS_A_SHARDLET), morning },
      },
      both,
      ({ second, refused }) => this.noteRefused(second, refused),
    );
    const watch = this.watch(seconds, signal);
    try {
      const [report] = await Promise.all([load, watch]);
      board.changeRun(this.number, (run) => ({
        state: 'ended',
        result: this.resultOf(run, report as MorningReport),
      }));
    } finally {
      ended.abort();
      await Promise.allSettled([load, watch]);
    }
  }

  /** At the beginning of a second of the edge, so that its seconds and those of the run are the same. */
  private async nextStart(seconds: AsyncGenerator<MeasuredSecond>): Promise<number> {
    for (;;) {
      const { value, done } = await seconds.next();
      if (done === true) throw new Error('the edge tells no load');
      const fromMs = this.parts.nowMs() + STARTS_IN_MS;
      if (fromMs - value.atMs < 10_000) return value.atMs + 1_000 * Math.ceil((fromMs - value.atMs) / 1_000);
    }
  }

  private async watch(seconds: AsyncGenerator<MeasuredSecond>, signal: AbortSignal): Promise<void> {
    const lastSecond = this.parts.morning.length - 1;
    const giveUpAtMs = this.startMs + 1_000 * (lastSecond + 2) + LAST_SECOND_WITHIN_MS;
    for await (const one of seconds) {
      signal.throwIfAborted();
      const second = Math.round((one.atMs - this.startMs) / 1_000);
      if (this.parts.nowMs() > giveUpAtMs) throw new Error('the edge stopped telling its load');
      if (second < 0) continue;
      this.requireAlone(one);
      await this.look(second, one);
      if (second >= lastSecond) return;
    }
  }

  /** @throws DemoStopped */
  private requireAlone({ asked }: MeasuredSecond): void {
    const { map } = this.parts.follower;
    const topology = { streams: map.streams(), shardlets: [...map.shardlets()] };
    const other = otherEvents(topology, { events: asked });
    if (other > OTHER_PER_SECOND_MAX)
      throw new DemoStopped(`another stream took ${other} events in a second: the demo made room for it`);
  }

  private async look(second: number, { asked }: MeasuredSecond): Promise<void> {
    const { board, foresight, follower } = this.parts;
    await follower.upToDate();
    for (const [i, { id }] of this.shardlets.entries()) this.measured[i]!.push(asked.get(id) ?? 0);
    this.noteMoves();
    const run = board.status.runs.find(({ number }) => number === this.number)!;
    const ahead = run.arm === 'with' ? await foresight.ahead(this.measured) : undefined;
    const loads = this.hosts.map((host) => this.sumOn(host.id, (i) => this.measured[i]!.at(-1)!));
    board.changeRun(this.number, ({ samples }) => ({
      samples: [...samples, { second, loads, refused: 0 }],
      forecast: ahead === undefined ? null : this.forecastOf(second, ahead),
    }));
    await this.act(second, ahead);
  }

  private forecastOf(second: number, ahead: readonly Quantiles[]): DemoRun['forecast'] {
    const busy = this.hosts[this.parts.board.status.busyHost]!.id;
    const of = (level: 0.1 | 0.5 | 0.9) =>
      Array.from(ahead[0]![level], (_, step) => round1(this.sumOn(busy, (i) => ahead[i]![level][step]!)));
    return { second, low: of(0.1), middle: of(0.5), high: of(0.9) };
  }

  /** Plans by what is known now, and orders it. */
  private async act(second: number, ahead: readonly Quantiles[] | undefined): Promise<void> {
    const { board, orders } = this.parts;
    const { clock, hostPerSecond } = board.status;
    const planned = planDemo({
      ...{ second, clock, hosts: this.hosts, hostPerSecond: hostPerSecond! },
      shardlets: this.shardlets.map((one, i) => this.stateOf(one, i, ahead?.[i])),
    });
    if (planned === undefined) return;
    board.changeRun(this.number, ({ plans, foreseen, forecast }) => ({
      foreseen: foreseen ?? forecast,
      plans: [...plans, { second: this.elapsed(), headline: planned.headline }],
    }));
    for (const [to, moves] of Map.groupBy(planned.moves, (one) => one.to)) {
      const reason = `Watch it work, run ${this.number}: ${planned.headline}`;
      const moving = await orders.move(
        moves.map(({ shardlet }) => shardlet),
        to,
        reason,
      );
      for (const { shardlet, from } of moves)
        if (moving.includes(shardlet))
          this.moves.set(shardlet, {
            ...{ shardlet, from: this.placeOf(from), to: this.placeOf(to) },
            ...{ second: this.elapsed(), endSecond: null },
          });
    }
    this.showMoves();
  }

  private stateOf({ id, shard, owner }: Shardlet, i: number, forecast: Quantiles | undefined) {
    const now = this.parts.follower.map.shardlet(id);
    const move = this.moves.get(id);
    const hasMoved = move !== undefined && move.endSecond !== null;
    return {
      ...{ id, shard, host: now?.owner ?? owner, askedPerSecond: this.measured[i]!.at(-1)!, forecast },
      movingTo: now?.state.kind === 'moving' ? now.state.dest : undefined,
      movedAtSecond: hasMoved ? move.endSecond! : undefined,
      cameFrom: hasMoved ? this.hosts[move.from]!.id : undefined,
    };
  }

  private noteMoves(): void {
    const { map } = this.parts.follower;
    for (const [id, move] of this.moves) {
      const now = map.shardlet(id);
      if (move.endSecond !== null || now === undefined) continue;
      if (now.owner === this.hosts[move.to]!.id && now.state.kind === 'open')
        this.moves.set(id, { ...move, endSecond: this.elapsed() });
    }
    this.showMoves();
  }

  private showMoves(): void {
    if (this.moves.size > 0)
      this.parts.board.changeRun(this.number, () => ({ moves: [...this.moves.values()] }));
  }

  private noteRefused(second: number, refused: number): void {
    this.parts.board.changeRun(this.number, ({ samples }) => ({
      samples: samples.map((one) => (one.second === second ? { ...one, refused } : one)),
    }));
  }

  private resultOf(run: DemoRun, { sent, refused, late, p50, p99 }: MorningReport): DemoResult {
    const limit = this.parts.board.status.hostPerSecond!;
    const overloadSeconds = run.samples.filter(({ loads }) => loads.some((load) => load > limit)).length;
    return { sent, refused, late, p50, p99, overloadSeconds, moves: this.moves.size };
  }

  private sumOn(host: number, of: (i: number) => number): number {
    const { map } = this.parts.follower;
    return this.shardlets.reduce(
      (sum, { id, owner }, i) => ((map.shardlet(id)?.owner ?? owner) === host ? sum + of(i) : sum),
      0,
    );
  }

  private placeOf(host: number): number {
    return this.hosts.findIndex(({ id }) => id === host);
  }

  private elapsed(): number {
    return round1((this.parts.nowMs() - this.startMs) / 1_000);
  }
}

/** In turn of the hosts, so that at the start shardlet `i` is on host `i % hosts` in every run. */
export function demoShardlets(map: TopologyMap): Shardlet[] {
  const stream = map.streamNamed(DEMO_STREAM);
  if (stream === undefined) return [];
  const leaves = [...map.leaves(stream.id)].sort((a, b) => a.shard - b.shard);
  const byHost = map.hosts().map(({ id }) => leaves.filter(({ owner }) => owner === id));
  const most = Math.max(...byHost.map(({ length }) => length));
  return Array.from({ length: most }, (_, i) => byHost.flatMap((own) => own[i] ?? [])).flat();
}

export function runsOf(arms: readonly DemoRun['arm'][]): DemoStatus['runs'] {
  return arms.map((arm, i) => ({
    ...{ number: i + 1, arm, state: 'waiting' as const },
    ...{ samples: [], forecast: null, foreseen: null, plans: [], moves: [], result: null },
  }));
}

function round1(value: number): number {
  return Math.round(10 * value) / 10;
}
