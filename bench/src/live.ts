/**
 * npm run bench -- live [--rounds 2] [--speed 20] [--minutes 90] [--peak-use 0.8] [--json]: the product itself, not its
 * replay. Four real Redis hosts behind lines that take a stated number of events a second, the real edge and the real
 * worker in mode `auto`, and a morning of the sample sent by an open loop, at 20 times its speed. The same morning again
 * and again, in turns: with the planner looking at what was measured only, and with forecasts learned from four imported
 * weeks.
 *
 * Minutes cannot be waited for, so every process of the cluster lives on a clock that is as many times as fast
 * (live/fast-clock.c), its timeouts and schedules with it: for the cluster the morning passes at its own speed, on a
 * machine that is twenty times slower. What is measured at the client is measured on the real clock.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeaf } from '@foreshard/core/topology';
import type { BenchOptions, BenchResult } from './bench.ts';
import type { PacedLoad } from './clients/paced-load.ts';
import { type LiveCluster, type LivePolicy, SHARDLETS, setPolicy, startLive } from './live/cluster.ts';
import { type Morning, morning, WEIGHT } from './live/departures.ts';
import { buildFastClock, environmentOf, type FastClock } from './live/fast-clock.ts';
import { run as runScript, waitUntil } from './measure/child.ts';
import { type Spread, spread } from './measure/interleave.ts';

const CLIENT = new URL('./clients/paced-load.ts', import.meta.url).pathname;
const FORESHARD = new URL('../../apps/cli/src/main.ts', import.meta.url).pathname;
const POLICIES = ['reactive', 'predictive'] as const satisfies readonly LivePolicy[];
/** for the start, the import and the first forecasts, before the clock runs fast */
const PREPARED_WITHIN_MS = 100_000;
const FORECAST_WITHIN_MS = 60_000;
/** a host with more than this to do is overloaded */
const WAITING_MS = 250;
const LOOK_MS = 100;
/** of an event on the line, with its part of the call */
const CALIBRATION = { events: 400, perSecond: 200 };
/** until its client is connected */
const CALIBRATION_STARTS_MS = 1_500;
const BUCKET_MINUTES = 10;
const MOVES_MAX = 1_000;

interface LiveRun extends PacedLoad {
  readonly overloadSeconds: number;
  readonly moves: number;
  readonly movesFailed: number;
  readonly splits: number;
  readonly megabytesMoved: number;
  /** times of the day of the sample at which moves ended */
  readonly movedAt: readonly string[];
}

export async function run({
  rounds,
  speed = 1,
  minutes = 1,
  peakUse = 1,
}: BenchOptions): Promise<BenchResult> {
  const dir = await mkdtemp(join(tmpdir(), 'foreshard-live-'));
  try {
    // PostgreSQL runs as somebody else, and has to find the clock
    await chmod(dir, 0o755);
    const clock = await buildFastClock(dir);
    const played = await morning({ dir, rate: speed, minutes, afterMs: Date.now() });
    const perSecond = played.peakPerSecond / 4 / peakUse;
    const runs = new Map<LivePolicy, LiveRun[]>(POLICIES.map((policy) => [policy, []]));
    for (let round = 0; round < rounds; round++)
      for (const policy of round % 2 === 0 ? POLICIES : POLICIES.toReversed()) {
        const done = await liveRun(policy, {
          dir: join(dir, `${policy}-${round}`),
          library: clock,
          speed,
          played,
          perSecond,
        });
        process.stderr.write(`  ${policy}: ${JSON.stringify(done)}\n`);
        runs.get(policy)!.push(done);
      }
    return {
      mode: {
        hosts: '4 Redis, appendfsync always, behind throttled lines',
        'events a second a host takes': round1(perSecond),
        'events a second at the peak, all hosts': round1(played.peakPerSecond),
        'events sent a run': played.events,
        'events a departure stands for': WEIGHT,
        'minutes of the sample a run': minutes,
        'times as fast': speed,
        shardlets: SHARDLETS,
      },
      ratios: figuresOf(runs),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface LiveRunOptions {
  readonly dir: string;
  readonly library: string;
  readonly speed: number;
  readonly played: Morning;
  /** events that a host takes, of the real clock */
  readonly perSecond: number;
}

async function liveRun(
  policy: LivePolicy,
  { dir, library, speed, played, perSecond }: LiveRunOptions,
): Promise<LiveRun> {
  const clock: FastClock = { rate: speed, startMs: Date.now() + PREPARED_WITHIN_MS, dateMs: played.dateMs };
  const cluster = await startLive({ dir, rate: speed, clock: environmentOf(library, clock) });
  try {
    await prepare(cluster, policy, { played, speed, perSecond });
    if (Date.now() > clock.startMs) throw new Error('the cluster was not ready when its clock began');
    const watch = watchLines(cluster);
    const args = [cluster.edgeUrl, cluster.token, played.schedule, clock.startMs, bucketMs(speed)].map(
      String,
    );
    const load = await runScript<PacedLoad>(CLIENT, args);
    return { ...load, overloadSeconds: watch.end(), ...(await restructured(cluster)) };
  } finally {
    await cluster.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function bucketMs(speed: number): number {
  return (BUCKET_MINUTES * 60_000) / speed;
}

/** The history, the first forecasts, the policy, and lines that take what they are said to take. */
async function prepare(
  cluster: LiveCluster,
  policy: LivePolicy,
  { played, speed, perSecond }: Pick<LiveRunOptions, 'played' | 'speed' | 'perSecond'>,
): Promise<void> {
  const { control, environment, streamId } = cluster;
  const imported = ['import-history', '--trace', played.history, '--shift', 'none', '--weight', WEIGHT];
  await foreshard(imported.map(String), environment);
  await control.jobs.wake('forecast');
  await waitUntil('the first forecasts', FORECAST_WITHIN_MS, async () => {
    const known = await Promise.all(
      (['5m', '1h'] as const).map((resolution) => control.forecasts.latest(streamId, resolution)),
    );
    return known.every((one) => one !== undefined);
  });
  const bytesPerEvent = await calibrate(cluster);
  for (const line of cluster.lines) line.limit(perSecond * bytesPerEvent);
  await setPolicy(cluster, policy, perSecond / speed);
}

async function foreshard(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await runScript(FORESHARD, [...args, '--json'], environment);
}

/** Bytes an event takes on its way to a host, at an even load far below what the lines will take. */
async function calibrate({ edgeUrl, token, lines, environment }: LiveCluster): Promise<number> {
  const file = join(environment.FORESHARD_DATA_DIR!, 'calibration.txt');
  const due = Array.from(
    { length: CALIBRATION.events },
    (_, i) => `${(1_000 * i) / CALIBRATION.perSecond} calibration-${i}\n`,
  );
  await writeFile(file, due.join(''));
  const sum = () => lines.reduce((total, { appendBytes }) => total + appendBytes, 0);
  const before = sum();
  const startMs = Date.now() + CALIBRATION_STARTS_MS;
  const { statuses } = await runScript<PacedLoad>(
    CLIENT,
    [edgeUrl, token, file, startMs, BUCKET_MINUTES * 60_000].map(String),
  );
  if (statuses[200] !== CALIBRATION.events) throw new Error(`calibrating: ${JSON.stringify(statuses)}`);
  return (sum() - before) / CALIBRATION.events;
}

/** Counts the time, of all hosts together, in which a host has more to do than it gets done soon. */
function watchLines({ lines }: LiveCluster): { end(): number } {
  let overloadedMs = 0;
  const timer = setInterval(() => {
    for (const { waitingMs } of lines) if (waitingMs > WAITING_MS) overloadedMs += LOOK_MS;
  }, LOOK_MS);
  return {
    end() {
      clearInterval(timer);
      return round1(overloadedMs / 1_000);
    },
  };
}

async function restructured({ control }: LiveCluster) {
  const ended = await control.moves.list({ ended: true, limit: MOVES_MAX });
  const { shardlets } = await control.topology.snapshot();
  const done = ended.filter(({ result }) => result === 'moved');
  return {
    moves: done.length,
    // those that go on have no result
    movesFailed: ended.filter(({ result }) => result !== null && result !== 'moved').length,
    splits: shardlets.filter(isLeaf).length - SHARDLETS,
    megabytesMoved: round1(done.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6),
    movedAt: done.map(({ endedAtMs }) => new Date(endedAtMs ?? 0).toISOString().slice(11, 16)).reverse(),
  };
}

function figuresOf(runs: ReadonlyMap<LivePolicy, readonly LiveRun[]>): Record<string, Spread> {
  const figures: Record<string, (one: LiveRun) => number> = {
    'POST p50, ms': ({ p50 }) => p50,
    'POST p99, ms': ({ p99 }) => p99,
    'refused with 503': ({ statuses }) => statuses[503] ?? 0,
    'refused with 429': ({ statuses }) => statuses[429] ?? 0,
    'overload, host-seconds': ({ overloadSeconds }) => overloadSeconds,
    moves: ({ moves }) => moves,
    'moves that failed': ({ movesFailed }) => movesFailed,
    'shardlets more': ({ splits }) => splits,
    'MB moved': ({ megabytesMoved }) => megabytesMoved,
  };
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, of]) =>
      [...runs].map(([policy, ones]) => [`${name}: ${policy}`, spread(ones.map(of))]),
    ),
  );
}

function round1(value: number): number {
  return Math.round(10 * value) / 10;
}
