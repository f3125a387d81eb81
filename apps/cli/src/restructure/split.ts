/** foreshard split, roll and merge: shardlets hand their positions over to successors on the same host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { framePosition, HostUnreachable } from '@foreshard/core/hosts';
import { formatPosition, parsePosition, type Range, range } from '@foreshard/core/keyspace';
import {
  type LoadAt,
  loadOfKeys,
  planSplit,
  requestRestructure,
  type SplitPlan,
} from '@foreshard/core/migration';
import { TelemetryStore } from '@foreshard/core/telemetry';
import { type Shardlet, type Topology, TopologyMap } from '@foreshard/core/topology';
import { type Command, InvalidArgumentError } from 'commander';
import { type Control, connectHost } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from '../failure.ts';
import { printRows } from '../table.ts';
import { idOf, ids } from './arguments.ts';
import { operatorOf } from './operator.ts';
import { tell } from './waiting.ts';

/** The newest events: what is hot is hot now. */
const SAMPLE_RECORDS = 5_000;
const SAMPLE_BYTES = 20_000_000;
/** The key sketches of these last minutes say the same of more events, when there were more. */
const SKETCH_MS = 10 * 60_000;
const LOOK_EVERY_MS = 100;
const SETTLED_WITHIN_MS = 30_000;

interface Options {
  readonly at?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly wait: boolean;
}

export function registerSplit(program: Command): void {
  common(program.command('split').description('cut a shardlet where its observed load is in balance'))
    .argument('<shardlet>', 'its number', idOf)
    .option(
      '--at <position>',
      'cut there instead: 16 hex digits, the last 8 zero unless the stream splits keys',
      position,
    )
    .action((id: number, options: Options) => split(id, options));
  common(program.command('roll').description('end a shardlet and go on with a fresh one of the same range'))
    .argument('<shardlet>', 'its number', idOf)
    .action((id: number, options: Options) => roll(id, options));
  common(program.command('merge').description('make one shardlet of neighbours in one shard on one host'))
    .argument('<shardlets...>', 'their numbers', ids)
    .action((parents: number[], options: Options) => merge(parents, options));
}

function common(command: Command): Command {
  return command
    .option('--dry-run', 'tell what would be decided, and change nothing', false)
    .option('--wait', 'wait until the successors take events', false)
    .option('--json', 'one JSON document', false);
}

function position(text: string): string {
  if (/^[0-9a-f]{16}$/i.test(text)) return text;
  throw new InvalidArgumentError('16 hex digits are needed.');
}

async function split(id: number, options: Options): Promise<void> {
  await withControl(async (control) => {
    const topology = await control.topology.snapshot();
    const parent = shardletOf(topology, id);
    const plan =
      options.at === undefined ? await planFor(control, topology, parent) : cutAt(parent, options.at);
    if (plan.children.length < 2)
      throw new CommandFailure(`shardlet ${id} cannot be split: ${plan.explanation}`);
    if (!options.json) tell(plan.explanation);
    await restructure(control, [id], plan.children, options, plan);
  });
}

async function planFor(control: Control, topology: Topology, parent: Shardlet): Promise<SplitPlan> {
  const splitKeys = topology.streams.find((s) => s.id === parent.stream)?.splitKeys ?? false;
  const sample = (await sketchOf(control, topology, parent)) ?? (await sampleOf(topology, parent));
  return planSplit(parent.range, sample, splitKeys);
}

/** What edges have counted by key; undefined when they have told too little of this shardlet. */
async function sketchOf(
  { telemetry: blocks }: Control,
  topology: Topology,
  { id, range: whole }: Shardlet,
): Promise<LoadAt[] | undefined> {
  const map = new TopologyMap(topology);
  const telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: Date.now });
  const toMs = Date.now();
  const keys = await telemetry.topKeys({ shardlet: id, fromMs: toMs - SKETCH_MS, toMs });
  const events = keys?.types.reduce((sum, type) => sum + type.events, 0) ?? 0;
  return keys === undefined || events < SAMPLE_RECORDS ? undefined : loadOfKeys(whole, keys.topKeys, events);
}

function cutAt({ id, range: whole }: Shardlet, text: string): SplitPlan {
  const at = parsePosition(text);
  try {
    const children = [range(whole.from, at), range(at, whole.to)];
    return { children, shares: [], basis: 'middle', explanation: 'cut at the position that was named' };
  } catch {
    throw badInput(`${text} is not inside shardlet ${id}, from ${formatPosition(whole.from)}`);
  }
}

/** Nothing when the host does not answer: then the middle is as good as any place. */
async function sampleOf(topology: Topology, { owner, id, epoch }: Shardlet): Promise<LoadAt[]> {
  const address = topology.hosts.find((h) => h.id === owner)?.url;
  if (address === undefined) return [];
  const host = await connectHost(address).catch(() => undefined);
  if (host === undefined) return [];
  try {
    const details = await host.describe(id);
    if ('kind' in details) return [];
    const from = Math.max(details.firstSeq, details.lastSeq - SAMPLE_RECORDS + 1);
    const reply = await host.read(id, from, epoch, { maxRecords: SAMPLE_RECORDS, maxBytes: SAMPLE_BYTES });
    if (reply.kind !== 'records') return [];
    return reply.records.map(({ frame }) => ({ position: framePosition(frame), load: 1 }));
  } catch (error) {
    if (error instanceof HostUnreachable) return [];
    throw error;
  } finally {
    await host.close();
  }
}

async function roll(id: number, options: Options): Promise<void> {
  await withControl(async (control) => {
    const parent = shardletOf(await control.topology.snapshot(), id);
    await restructure(control, [id], [parent.range], options);
  });
}

async function merge(parents: readonly number[], options: Options): Promise<void> {
  if (parents.length < 2) throw badInput('a merge needs at least two shardlets');
  await withControl(async (control) => {
    const topology = await control.topology.snapshot();
    const ranges = parents
      .map((id) => shardletOf(topology, id).range)
      .sort((a, b) => a.from.hi - b.from.hi || a.from.lo - b.from.lo);
    await restructure(control, parents, [range(ranges[0]!.from, ranges.at(-1)!.to)], options);
  });
}

function shardletOf({ shardlets }: Topology, id: number): Shardlet {
  const found = shardlets.find((s) => s.id === id);
  if (found === undefined) throw badInput(`there is no shardlet ${id}`);
  return found;
}

async function restructure(
  control: Control,
  parents: readonly number[],
  children: readonly Range[],
  options: Options,
  plan?: SplitPlan,
): Promise<void> {
  const reply = await requestRestructure(operatorOf(control), { parents, children }, options.dryRun);
  if (reply.kind === 'refused') {
    const { reason, detail } = reply.refusal;
    const mayPass = reason === 'changed' || reason === 'in_use';
    throw new CommandFailure(detail, mayPass ? EXIT_FAILURE : EXIT_BAD_INPUT);
  }
  if (options.wait && !options.dryRun)
    await untilOpen(
      control,
      reply.result.children.map((c) => c.id),
    );
  const rows = reply.result.children.map((child, i) => rowOf(child, plan?.shares[i], options));
  if (options.json) process.stdout.write(`${JSON.stringify({ parents, children: rows, ...told(plan) })}\n`);
  else printRows(rows, false, '');
}

function told(plan: SplitPlan | undefined): object {
  if (plan === undefined) return {};
  return { basis: plan.basis, hotKey: plan.hotKey ?? null, explanation: plan.explanation };
}

function rowOf({ id, owner, range: r }: Shardlet, share: number | undefined, { dryRun, wait }: Options) {
  return {
    shardlet: dryRun ? null : id,
    result: dryRun ? 'would open' : wait ? 'open' : 'opening',
    host: owner,
    from: formatPosition(r.from),
    to: formatPosition(r.to),
    loadPercent: share === undefined ? null : Math.round(share * 100),
  };
}

async function untilOpen(control: Control, children: readonly number[]): Promise<void> {
  const deadline = Date.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const { shardlets } = await control.topology.snapshot();
    const waiting = shardlets.filter((s) => children.includes(s.id) && s.state.kind === 'opening');
    if (waiting.length === 0) return;
    if (Date.now() > deadline)
      throw new CommandFailure(
        `not open within ${SETTLED_WITHIN_MS / 1_000} s: is a worker running? see "foreshard status"`,
      );
    await sleep(LOOK_EVERY_MS);
  }
}
