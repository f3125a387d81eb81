/** foreshard split, roll and merge: shardlets hand their positions over to successors on the same host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPosition, parsePosition } from '@foreshard/core/keyspace';
import {
  cutAt,
  type LoadSources,
  mergeWish,
  planObservedSplit,
  type RestructureWish,
  requestRestructure,
  rollWish,
  type SplitPlan,
  type Wished,
} from '@foreshard/core/migration';
import { TelemetryStore } from '@foreshard/core/telemetry';
import { type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { type Command, InvalidArgumentError } from 'commander';
import { type Control, connectHost } from '../composition.ts';
import { accepted, withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { printRows } from '../table.ts';
import { idOf, ids } from './arguments.ts';
import { operatorOf } from './operator.ts';
import { tell } from './waiting.ts';

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
    const map = new TopologyMap(await control.topology.snapshot());
    const parent = map.shardlet(id);
    if (parent === undefined) throw noShardlet(id);
    const plan =
      options.at === undefined
        ? await planObservedSplit(map, parent, sourcesOf(control, map))
        : insistOnCut(parent, options.at);
    if (plan.children.length < 2)
      throw new CommandFailure(`shardlet ${id} cannot be split: ${plan.explanation}`);
    if (!options.json) tell(plan.explanation);
    await restructure(control, { parents: [id], children: plan.children }, options, plan);
  });
}

function sourcesOf({ telemetry: blocks }: Control, map: TopologyMap): LoadSources {
  const telemetry = new TelemetryStore({ blocks, map: () => map, nowMs: Date.now });
  return {
    countedKeys: (query) => telemetry.topKeys(query),
    async onHost({ url }, use) {
      const host = await connectHost(url);
      return use(host).finally(() => host.close());
    },
    nowMs: Date.now,
  };
}

function insistOnCut(parent: Shardlet, text: string): SplitPlan {
  const plan = cutAt(parent, parsePosition(text));
  if (plan !== undefined) return plan;
  throw badInput(`${text} is not inside shardlet ${parent.id}, from ${formatPosition(parent.range.from)}`);
}

async function roll(id: number, options: Options): Promise<void> {
  await withControl(async (control) => {
    const map = new TopologyMap(await control.topology.snapshot());
    await restructure(control, insisted(rollWish(map, id)), options);
  });
}

async function merge(parents: readonly number[], options: Options): Promise<void> {
  if (parents.length < 2) throw badInput('a merge needs at least two shardlets');
  await withControl(async (control) => {
    const map = new TopologyMap(await control.topology.snapshot());
    await restructure(control, insisted(mergeWish(map, parents)), options);
  });
}

function insisted(wished: Wished): RestructureWish {
  if ('unknown' in wished) throw noShardlet(wished.unknown);
  return wished;
}

function noShardlet(id: number): CommandFailure {
  return badInput(`there is no shardlet ${id}`);
}

async function restructure(
  control: Control,
  wish: RestructureWish,
  options: Options,
  plan?: SplitPlan,
): Promise<void> {
  const { children: made } = accepted(await requestRestructure(operatorOf(control), wish, options.dryRun));
  if (options.wait && !options.dryRun)
    await untilOpen(
      control,
      made.map((c) => c.id),
    );
  const rows = made.map((child, i) => rowOf(child, plan?.shares[i], options));
  if (options.json)
    process.stdout.write(`${JSON.stringify({ parents: wish.parents, children: rows, ...told(plan) })}\n`);
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
