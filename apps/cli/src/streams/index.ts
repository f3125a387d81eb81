/** foreshard streams: the named logs. */
import { type OutputOf, streams } from '@foreshard/core/operations';
import type { StreamSettings } from '@foreshard/core/topology';
import { type Command, InvalidArgumentError } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { counted, printJson, writeOut } from '../output.ts';
import { printRows } from '../table.ts';
import { type Amount, formatDuration, parseBytes, parseDuration } from './amounts.ts';

interface SettingOptions extends OperationOptions {
  readonly retention?: Amount;
  readonly retentionBytes?: Amount;
  readonly dedupWindow?: Amount;
}

interface CreateOptions extends SettingOptions {
  readonly shards?: number;
  readonly splitKeys: boolean;
}

interface DeleteOptions extends OperationOptions {
  readonly yes: boolean;
}

type Stream = OutputOf<typeof streams.list>['streams'][number];

export function register(program: Command): void {
  const group = program.command('streams').description('list, create, alter and delete streams');
  operating(group.command('list', { isDefault: true }), streams.list)
    .description('the streams and their settings')
    .action(list);
  withSettings(operating(group.command('create'), streams.create))
    .description('create a stream')
    .argument('<name>')
    .option(
      '--shards <number>',
      'into how many fixed slices its positions are cut (1..4096, default 64)',
      count,
    )
    .option(
      '--split-keys',
      'a hot key may be split; its events are then in order only within each part',
      false,
    )
    .action(create);
  withSettings(operating(group.command('alter'), streams.alter))
    .description('change the settings of a stream')
    .argument('<name>')
    .action(alter);
  operating(group.command('delete'), streams.delete)
    .description('delete a stream with all its events')
    .argument('<name>')
    .option('--yes', 'really; there is no way back', false)
    .action(remove);
}

function withSettings(command: Command): Command {
  return command
    .option(
      '--retention <time>',
      'older events are trimmed: 15m, 12h, 7d (at least 1m), or none',
      argument(parseDuration),
    )
    .option(
      '--retention-bytes <bytes>',
      'most bytes it keeps beside those younger than the dedup window: 500mb, 2gb (at least 1mb), or none',
      argument(parseBytes),
    )
    .option(
      '--dedup-window <time>',
      'how long a repeated event is recognised: 3m to 7d',
      argument(parseDuration),
    );
}

async function list(options: OperationOptions): Promise<void> {
  const answer = await runOperation(streams.list, {}, options);
  if (options.json) return printJson(answer);
  const none = 'no stream yet: create one with "foreshard streams create NAME"';
  printRows(answer.streams.map(rowOf), false, none);
}

function rowOf({ id, name, shardCount, shardlets, splitKeys, internal, quota, ...settings }: Stream) {
  const { retentionMs, retentionBytes, dedupWindowMs } = settings;
  return {
    ...{ id, name: internal ? `${name} (internal)` : name, shards: shardCount, shardlets },
    retention: retentionMs === null ? 'none' : formatDuration(retentionMs),
    retentionBytes: retentionBytes ?? 'none',
    dedupWindow: formatDuration(dedupWindowMs),
    splitKeys,
    // where it has none of its own, that of the edges' settings applies
    eventsPerSecond: quota?.eventsPerSecond ?? 'none',
    bytesPerSecond: quota?.bytesPerSecond ?? 'none',
  };
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { shards, splitKeys } = options;
  const input = {
    name,
    splitKeys,
    ...chosen(options),
    ...(shards === undefined ? {} : { shardCount: shards }),
  };
  const answer = await runOperation(streams.create, input, options);
  if (options.json) return printJson(answer);
  const did = answer.stream === null ? 'could be created' : `was created as number ${answer.stream.id}`;
  writeOut(`stream ${name} ${did}\n`);
}

async function alter(name: string, options: SettingOptions): Promise<void> {
  const settings = chosen(options);
  if (Object.keys(settings).length === 0)
    throw badInput('nothing to change: see "foreshard streams alter --help"');
  const answer = await runOperation(streams.alter, { stream: name, ...settings }, options);
  if (options.json) return printJson(answer);
  writeOut(`stream ${name} ${answer.result === 'altered' ? 'was' : 'could be'} changed\n`);
}

async function remove(name: string, { yes, ...options }: DeleteOptions): Promise<void> {
  if (!yes && options.dryRun !== true)
    throw badInput(
      `this would delete stream ${name} with all its events: repeat it with --yes if you mean it`,
    );
  const answer = await runOperation(streams.delete, { stream: name }, options);
  if (options.json) return printJson(answer);
  const { result, shardlets } = answer;
  writeOut(
    result === 'deleted'
      ? `stream ${name} was deleted; the worker drops its ${counted(shardlets, 'shardlet')}\n`
      : `stream ${name} could be deleted, with ${counted(shardlets, 'shardlet')}\n`,
  );
}

function chosen({ retention, retentionBytes, dedupWindow }: SettingOptions): Partial<StreamSettings> {
  if (dedupWindow === 'none') throw badInput('--dedup-window takes a time: there is always a window');
  return {
    ...(retention === undefined ? {} : { retentionMs: limit(retention) }),
    ...(retentionBytes === undefined ? {} : { retentionBytes: limit(retentionBytes) }),
    ...(dedupWindow === undefined ? {} : { dedupWindowMs: dedupWindow }),
  };
}

function limit(amount: Amount): number | null {
  return amount === 'none' ? null : amount;
}

function count(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number is needed.');
}

/** Turns a parser that answers undefined into one that refuses in commander's way. */
function argument<T>(parse: (text: string) => T | undefined): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError('see --help for how it is written.');
    return value;
  };
}
