/** foreshard hosts: which storage servers hold shardlets. */
import { withoutPassword } from '@foreshard/core/hosts';
import { hosts, type OutputOf } from '@foreshard/core/operations';
import { writeLabels } from '@foreshard/core/topology';
import type { Command } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { counted, print, printJson, writeOut } from '../output.ts';
import { addressFrom, SECRETLY } from '../secret-input.ts';
import { printRows } from '../table.ts';
import { type AcceptLossOptions, acceptHostLoss } from './accepting-loss.ts';
import { type DescribingOptions, describing, descriptionOf } from './describing.ts';

type Described = OperationOptions & DescribingOptions;
type Host = OutputOf<typeof hosts.list>['hosts'][number];

export function register(program: Command): void {
  const group = program.command('hosts').description('list, add, describe and remove the storage servers');
  operating(group.command('list', { isDefault: true }), hosts.list)
    .description('the hosts, their state, and how many shardlets they own')
    .action(list);
  describing(operating(group.command('add'), hosts.add))
    .description(
      'take a storage server into use: redis://HOST:PORT or postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    )
    .argument('<url>', `one with a password: ${SECRETLY}`)
    .option('--name <name>', 'how it is called; else its address')
    .action(add);
  describing(operating(group.command('describe'), hosts.describe))
    .description('edit the zone, labels and capacity of a host; what is not named stays')
    .argument('<id>', 'its number in the list')
    .action(describe);
  operating(group.command('remove'), hosts.remove)
    .description('take a storage server out of use; it must own no shardlet')
    .argument('<id>', 'its number in the list')
    .action(remove);
  operating(group.command('accept-loss'), hosts.acceptLoss, hosts.loss)
    .description('show what a host that went back to an older state lost, and use it again without it')
    .argument('<id>', 'its number in the list')
    .option('--yes', 'accept without asking; it cannot be undone', false)
    .action((id: string, options: AcceptLossOptions) => acceptHostLoss(numberOf(id), options));
}

async function list(options: OperationOptions): Promise<void> {
  const answer = await runOperation(hosts.list, {}, options);
  if (options.json) return printJson(answer);
  printRows(answer.hosts.map(rowOf), false, 'no host yet: add one with "foreshard hosts add URL"');
  for (const host of answer.hosts) await reportRegression(host);
}

function rowOf({ capacity, labels, address, regressed: _, ...host }: Host) {
  const perSecond = capacity.eventsPerSecond ?? '';
  return { ...host, labels: writeLabels(labels), 'events/s max': perSecond, address };
}

async function reportRegression({ id, name, regressed, shardlets }: Host): Promise<void> {
  if (regressed === null) return;
  await print(
    `\n${name} went back to an older state (${regressed}). ${counted(shardlets, 'shardlet')} of it wait.\n` +
      `If a newer copy of its data exists, start it on that. Then review the loss: foreshard hosts accept-loss ${id} --dry-run\n`,
  );
}

async function add(given: string, { name, ...options }: Described & { name?: string }): Promise<void> {
  const url = await addressFrom(given, 'the address of the host');
  const input = { url, ...(name === undefined ? {} : { name }), ...descriptionOf(options) };
  const answer = await runOperation(hosts.add, input, options);
  if (options.json) return printJson(answer);
  const { result, host } = answer;
  const words = {
    joined: `joined as host ${host?.id}`,
    known: `is known already as host ${host?.id}`,
    'would join': 'would join as a new host',
  };
  await print(`${withoutPassword(url)} ${words[result]}\n`);
}

async function describe(text: string, options: Described): Promise<void> {
  const input = { host: numberOf(text), ...descriptionOf(options) };
  const answer = await runOperation(hosts.describe, input, options);
  if (options.json) return printJson(answer);
  const { id, zone, labels, capacity } = answer.host;
  const facts = [
    `zone ${zone}`,
    writeLabels(labels),
    ...Object.entries(capacity).map(([k, v]) => `${k} ${v}`),
  ];
  const verb = options.dryRun === true ? 'would be' : 'is';
  await print(`host ${id} ${verb}: ${facts.filter((f) => f !== '').join(', ')}\n`);
}

async function remove(text: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(hosts.remove, { host: numberOf(text) }, options);
  if (options.json) return printJson(answer);
  const verb = options.dryRun === true ? 'would be' : 'was';
  writeOut(`host ${answer.host} ${verb} removed\n`);
}

function numberOf(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw badInput(`a host is named by its number, not "${text}"`);
  return id;
}
