/** foreshard what-if: what would become of the running cluster if. Nothing is changed; a worker answers. */
import type { WhatIfAnswer, WhatIfChange } from '@foreshard/core/advising';
import { hosts, type OutputOf, whatIf } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';
import { shown } from '../planning/plan-command.ts';
import { hostNamed } from '../restructure/arguments.ts';
import { tableOf } from '../table.ts';

/** Hosts by number or name become numbers. */
type Supposed = (known: OutputOf<typeof hosts.list>) => WhatIfChange;

interface Flags extends OperationOptions {
  readonly supposed?: readonly Supposed[];
}

const EXAMPLES = `
Examples:
  foreshard what-if --move 12=host-3
  foreshard what-if --lose host-2 --load main=2
  foreshard what-if --load 1.5 --add-hosts 1
  foreshard what-if --policy host.fullness=0.7 --json`;

const PARTS = ['stream', 'shard', 'host', 'shardlets'] as const;

export function register(program: Command): void {
  const command = operating(program.command('what-if'), whatIf.ask)
    .description(
      'lay changes onto the running cluster, and report what the planner would then do; changes nothing',
    )
    .addHelpText('after', EXAMPLES)
    .action(({ supposed = [], ...options }: Flags) => ask(supposed, options));
  // one list for all, since the order in which changes are laid on counts
  const option = (flags: string, description: string, read: (text: string) => Supposed) =>
    command.option(flags, description, (text: string) => {
      const before = (command.getOptionValue('supposed') ?? []) as readonly Supposed[];
      command.setOptionValue('supposed', [...before, read(text)]);
      return text;
    });
  option('--move <shardlet=host>', 'a shardlet lies on another host', moveOf);
  option('--split <shardlet>', 'a shardlet is cut in two', (text) => () => ({
    kind: 'split',
    shardlet: text,
  }));
  option('--lose <host>', 'a host dies', hostChange('lose-host'));
  option('--drain <host>', 'a host is emptied', hostChange('drain-host'));
  option('--add-hosts <n>', 'there are so many hosts more', (text) => {
    const count = numberOf(text);
    return () => ({ kind: 'add-hosts', count });
  });
  option(
    '--load <[part=]factor>',
    'so many times the load, of all or of stream:NAME, shard:N, host:ID, shardlets:1,2',
    loadOf,
  );
  option('--policy <path=value>', 'another setting of the policy', policyOf);
}

async function ask(supposed: readonly Supposed[], options: OperationOptions): Promise<void> {
  if (supposed.length === 0)
    throw badInput('nothing is supposed: name a change, see "foreshard what-if --help"');
  const known = await runOperation(hosts.list, {}, options);
  const changes = supposed.map((one) => one(known));
  const answer = await runOperation(whatIf.ask, { changes }, options);
  if (options.json) return printJson(answer);
  const names = new Map(known.hosts.map(({ id, name }) => [String(id), name]));
  await print(report(answer, names));
}

function report({ hosts, hostCount, plan }: WhatIfAnswer, names: ReadonlyMap<string, string>): string {
  const rows = hosts.map(({ host, now, changed, planned, isLost }) => ({
    host: names.get(host) ?? host,
    now: now === null ? 'not there' : share(now.pressure),
    changed: isLost ? 'lost' : share(changed.pressure),
    'after the plan': isLost ? 'lost' : share(planned.pressure),
  }));
  const more = hostCount > hosts.length ? `and ${hostCount - hosts.length} hosts with less\n` : '';
  return `Worst resource over capacity, within the horizon:\n${tableOf(rows)}\n${more}\n${shown(plan)}`;
}

function share(pressure: number): string {
  return Number.isFinite(pressure) ? `${Math.round(100 * pressure)} %` : '-';
}

function moveOf(text: string): Supposed {
  const [, shardlet, host] = /^(\d+)=(.+)$/.exec(text) ?? [];
  if (shardlet === undefined || host === undefined)
    throw new InvalidArgumentError('SHARDLET=HOST is expected.');
  return (known) => ({ kind: 'move', shardlet, to: String(hostNamed(known, host)) });
}

function hostChange(kind: 'lose-host' | 'drain-host') {
  return (text: string): Supposed =>
    (known) => ({ kind, host: String(hostNamed(known, text)) });
}

function loadOf(text: string): Supposed {
  const at = text.lastIndexOf('=');
  const factor = numberOf(text.slice(at + 1));
  if (at < 0) return () => ({ kind: 'load', factor, of: {} });
  const [, named, value] = /^(stream|shard|host|shardlets):(.+)$/.exec(text.slice(0, at)) ?? [];
  const part = PARTS.find((one) => one === named) ?? 'stream';
  const of = value ?? text.slice(0, at);
  return (known) => {
    if (part === 'stream') return { kind: 'load', factor, of: { stream: of } };
    if (part === 'shard') return { kind: 'load', factor, of: { shard: numberOf(of) } };
    if (part === 'host') return { kind: 'load', factor, of: { host: String(hostNamed(known, of)) } };
    return { kind: 'load', factor, of: { shardlets: of.split(',') } };
  };
}

function policyOf(text: string): Supposed {
  const [, path, value] = /^([a-z_.]+)=(.+)$/.exec(text) ?? [];
  if (path === undefined || value === undefined) throw new InvalidArgumentError('PATH=VALUE is expected.');
  const policy = path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), settingOf(value));
  return () => ({ kind: 'policy', policy: policy as Record<string, unknown> });
}

function settingOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number is expected.');
}
