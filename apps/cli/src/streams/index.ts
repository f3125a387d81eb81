/** foreshard streams: the named logs. */
import {
  alterStream,
  createStream,
  deleteStream,
  type Stream,
  type StreamSettings,
} from '@foreshard/core/topology';
import { type Command, InvalidArgumentError } from 'commander';
import type { Control } from '../composition.ts';
import { decide, withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { printRows } from '../table.ts';
import { type Amount, formatDuration, parseBytes, parseDuration } from './amounts.ts';

interface SettingOptions {
  readonly retention?: Amount;
  readonly retentionBytes?: Amount;
  readonly dedupWindow?: Amount;
}

interface CreateOptions extends SettingOptions {
  readonly shards?: number;
  readonly splitKeys: boolean;
}

export function register(program: Command): void {
  const streams = program.command('streams').description('list, create, alter and delete streams');
  streams
    .command('list', { isDefault: true })
    .description('the streams and their settings')
    .option('--json', 'one JSON document', false)
    .action(({ json }: { json: boolean }) => list(json));
  withSettings(streams.command('create').description('create a stream').argument('<name>'))
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
    .action((name: string, options: CreateOptions) => create(name, options));
  withSettings(
    streams.command('alter').description('change the settings of a stream').argument('<name>'),
  ).action((name: string, options: SettingOptions) => alter(name, options));
  streams
    .command('delete')
    .description('delete a stream with all its events')
    .argument('<name>')
    .option('--yes', 'really; there is no way back', false)
    .action((name: string, { yes }: { yes: boolean }) => remove(name, yes));
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

async function list(json: boolean): Promise<void> {
  const [{ streams, shardlets }, quotas] = await withControl((control) =>
    Promise.all([control.topology.snapshot(), control.quotas.list()]),
  );
  const rows = streams.map((stream) => ({
    id: stream.id,
    name: stream.name,
    shards: stream.shardCount,
    shardlets: shardlets.filter((s) => s.stream === stream.id && s.state.kind !== 'gone').length,
    ...(json ? settingsOf(stream) : shownSettings(stream)),
    splitKeys: stream.splitKeys,
    ...quotaOf(stream.name, quotas, json),
  }));
  printRows(rows, json, 'no stream yet: create one with "foreshard streams create NAME"');
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { shards, splitKeys } = options;
  const settings = chosen(options);
  const request = { name, splitKeys, settings, ...(shards === undefined ? {} : { shardCount: shards }) };
  await withControl(async (control) => {
    const { streamId } = await decide(control, createStream(request));
    await control.jobs.wake('reconcile');
    process.stdout.write(`stream ${name} was created as number ${streamId}\n`);
  });
}

async function alter(name: string, options: SettingOptions): Promise<void> {
  const settings = chosen(options);
  if (Object.keys(settings).length === 0)
    throw badInput('nothing to change: see "foreshard streams alter --help"');
  await withControl(async (control) => {
    const { id } = await streamNamed(control, name);
    await decide(control, alterStream(id, settings));
    process.stdout.write(`stream ${name} was changed\n`);
  });
}

async function remove(name: string, yes: boolean): Promise<void> {
  if (!yes)
    throw badInput(
      `this would delete stream ${name} with all its events: repeat it with --yes if you mean it`,
    );
  await withControl(async (control) => {
    const { id } = await streamNamed(control, name);
    const { replicas } = await decide(control, deleteStream(id));
    await control.jobs.wake('reconcile');
    process.stdout.write(`stream ${name} was deleted; the worker drops its ${replicas} shardlets\n`);
  });
}

async function streamNamed(control: Control, name: string): Promise<Stream> {
  const { streams } = await control.topology.snapshot();
  const stream = streams.find((s) => s.name === name);
  if (stream !== undefined) return stream;
  throw badInput(
    `there is no stream ${name}: ${streams.map((s) => s.name).join(', ') || 'there is none at all'}`,
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

function settingsOf({ retentionMs, retentionBytes, dedupWindowMs }: Stream): StreamSettings {
  return { retentionMs, retentionBytes, dedupWindowMs };
}

function shownSettings({ retentionMs, retentionBytes, dedupWindowMs }: Stream) {
  const retention = retentionMs === null ? 'none' : formatDuration(retentionMs);
  return { retention, retentionBytes: retentionBytes ?? 'none', dedupWindow: formatDuration(dedupWindowMs) };
}

/** Of the stream itself; where it has none, that of the edges' settings holds. */
function quotaOf(name: string, quotas: Awaited<ReturnType<Control['quotas']['list']>>, json: boolean) {
  const own = quotas.find(({ scope, subject }) => scope === 'stream' && subject === name);
  const none = json ? null : 'none';
  return { eventsPerSecond: own?.eventsPerSecond ?? none, bytesPerSecond: own?.bytesPerSecond ?? none };
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
