/** foreshard hints: load that people expect. */
import { randomUUID } from 'node:crypto';
import { absentShard, type Hint, type HintInput, hintOf, hintRequestSchema } from '@foreshard/core/hints';
import { type Command, Option } from 'commander';
import { ACTOR } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { print } from '../output.ts';
import { printRows } from '../table.ts';

interface AddFlags {
  readonly stream: string;
  readonly from: string;
  readonly to: string;
  readonly factor?: string;
  readonly perSecond?: string;
  readonly keys?: string;
  readonly types?: string;
  readonly shards?: string;
  readonly every?: 'day' | 'week' | 'month';
  readonly zone: string;
  readonly until?: string;
  readonly because: string;
  readonly json: boolean;
}

const HELP = `
Examples:
  foreshard hints add --from 2026-12-24T18:00:00+01:00 --to 2026-12-24T22:00:00+01:00 --factor 3 --because "gifts"
  foreshard hints add --from 2026-11-23T08:00:00Z --to 2026-11-23T09:00:00Z --per-second 500 --every week \\
    --zone Europe/Berlin --because "weekly import"`;

export function register(program: Command): void {
  const hints = program.command('hints').description('load that people expect and no model can know');
  hints
    .command('list', { isDefault: true })
    .description('all hints that hold or will hold again')
    .option('--removed', 'also those that were removed', false)
    .option('--json', 'one JSON document', false)
    .action(list);
  hints
    .command('add')
    .description('say what is expected; forecasts count it at once')
    .requiredOption('--from <TIME>', 'when it begins, with a zone')
    .requiredOption('--to <TIME>', 'when it ends, with a zone')
    .requiredOption('--because <TEXT>', 'why')
    .option('--factor <N>', 'so many times the load that is forecast')
    .option('--per-second <N>', 'so many events a second')
    .option('--stream <NAME>', 'the stream', 'main')
    .option('--keys <LIST>', 'only these keys, separated by commas')
    .option('--types <LIST>', 'only these event types, separated by commas')
    .option('--shards <LIST>', 'only these shards, separated by commas')
    .addOption(new Option('--every <PERIOD>', 'repeat it').choices(['day', 'week', 'month']))
    .option('--zone <NAME>', 'the clock on the wall a repetition follows', 'UTC')
    .option('--until <TIME>', 'no repetition begins after it')
    .option('--json', 'one JSON document', false)
    .addHelpText('after', HELP)
    .action(add);
  hints.command('remove').description('take a hint back').argument('<id>').action(remove);
  hints.command('restore').description('put a removed hint back').argument('<id>').action(restore);
}

async function add(flags: AddFlags): Promise<void> {
  const parsed = hintRequestSchema.safeParse(requestOf(flags));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw badInput(`${path.length === 0 ? 'the hint' : path.join('.')}: ${message}`);
  }
  await withControl(async (control) => {
    const { streams } = await control.topology.snapshot();
    const stream = streams.find(({ name }) => name === flags.stream);
    if (stream === undefined) throw badInput(`there is no stream ${flags.stream}`);
    const absent = absentShard(parsed.data, stream.shardCount);
    if (absent !== undefined) throw badInput(`scope.shards: ${absent.detail}`);
    const id = randomUUID();
    await control.hints.add(hintOf(parsed.data, { id, atMs: Date.now(), actor: ACTOR }));
    await print(flags.json ? `${JSON.stringify({ id })}\n` : `${id}\n`);
  });
}

function requestOf({ stream, from, to, because, every, zone, until, ...flags }: AddFlags): HintInput {
  return {
    ...{ stream, from, to, because },
    ...(flags.factor === undefined ? {} : { factor: Number(flags.factor) }),
    ...(flags.perSecond === undefined ? {} : { perSecond: Number(flags.perSecond) }),
    scope: {
      ...(flags.keys === undefined ? {} : { keys: flags.keys.split(',') }),
      ...(flags.types === undefined ? {} : { types: flags.types.split(',') }),
      ...(flags.shards === undefined ? {} : { shards: flags.shards.split(',').map(Number) }),
    },
    ...(every === undefined ? {} : { repeat: { every, zone, ...(until === undefined ? {} : { until }) } }),
  };
}

async function list({ removed, json }: { removed: boolean; json: boolean }): Promise<void> {
  const hints = await withControl((control) => control.hints.list({ withRemoved: removed }));
  if (json) return void (await print(`${JSON.stringify(hints)}\n`));
  printRows(hints.map(rowOf), false, 'no hint yet: add one with "foreshard hints add --help"');
}

function rowOf(hint: Hint): Record<string, unknown> {
  const scope = Object.entries(hint.scope).map(([what, which]) => `${what} ${which?.join(',')}`);
  return {
    id: hint.id,
    stream: hint.stream,
    from: new Date(hint.fromMs).toISOString(),
    to: new Date(hint.toMs).toISOString(),
    expect: hint.factor === null ? `${hint.perSecond}/s` : `x${hint.factor}`,
    every: hint.repeat === null ? '-' : `${hint.repeat.every} (${hint.repeat.zone})`,
    of: scope.length === 0 ? 'all' : scope.join('; '),
    by: hint.removedBy === null ? hint.createdBy : `removed by ${hint.removedBy}`,
    because: hint.because,
  };
}

async function remove(id: string): Promise<void> {
  const done = await withControl((control) => control.hints.remove(id, ACTOR, Date.now()));
  if (!done) throw badInput(`there is no hint ${id}, or it is removed already`);
  await print(`removed; "foreshard hints restore ${id}" puts it back\n`);
}

async function restore(id: string): Promise<void> {
  const done = await withControl((control) => control.hints.restore(id));
  if (!done) throw badInput(`there is no removed hint ${id}`);
  await print('it counts again\n');
}
