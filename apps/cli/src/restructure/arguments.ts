/** How shardlets, hosts, moves and amounts are written on the command line. */
import { hosts, type OutputOf } from '@foreshard/core/operations';
import { InvalidArgumentError } from 'commander';
import { failureOf, type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { parseBytes, parseDuration } from '../streams/amounts.ts';

type Host = OutputOf<typeof hosts.list>['hosts'][number];

export function idOf(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from the list is needed.');
}

export function ids(text: string, before: readonly number[] = []): number[] {
  return [...before, idOf(text)];
}

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (typeof ms === 'number' && ms > 0) return ms;
  throw new InvalidArgumentError('a time such as 90s, 10m or 2h is needed.');
}

export function bytesPerSecond(text: string): number {
  const bytes = parseBytes(text.replace(/\/s$/i, ''));
  if (typeof bytes === 'number' && bytes > 0) return bytes;
  throw new InvalidArgumentError('bytes a second such as 500kb or 20mb are needed.');
}

/** By its number or its name. */
export async function findHost(text: string, options: OperationOptions): Promise<Host> {
  const { hosts: known } = await runOperation(hosts.list, {}, options);
  return named(known, text);
}

export function hostNamed({ hosts: known }: OutputOf<typeof hosts.list>, text: string): number {
  return named(known, text).id;
}

function named<H extends { readonly id: number; readonly name: string }>(
  known: readonly H[],
  text: string,
): H {
  const found = known.find((h) => h.name === text) ?? known.find((h) => String(h.id) === text);
  if (found !== undefined) return found;
  const names = known.map((h) => `${h.id} (${h.name})`).join(', ');
  throw failureOf('unknown_host', `there is no host "${text}"; the hosts are ${names || 'none'}`);
}
