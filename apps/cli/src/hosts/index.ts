/** foreshard hosts: which storage servers T may use. */
import { withoutPassword } from '@foreshard/core/hosts';
import { tryDecision } from '@foreshard/core/migration';
import {
  describeHost,
  type Host,
  type HostDescription,
  removeHost,
  writeLabels,
} from '@foreshard/core/topology';
import type { Command } from 'commander';
import { accepted, decide, withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { counted } from '../output.ts';
import { printRows } from '../table.ts';
import { type AcceptLossOptions, acceptHostLoss } from './accepting-loss.ts';
import { type Added, type Addition, add } from './adding.ts';
import { type DescribingOptions, describing, descriptionOf } from './describing.ts';

interface DescribeOptions extends DescribingOptions {
  readonly dryRun: boolean;
}

interface AddOptions extends DescribeOptions {
  readonly name?: string;
}

export function register(program: Command): void {
  const hosts = program.command('hosts').description('list, add, describe and remove the storage servers');
  hosts
    .command('list', { isDefault: true })
    .description('the hosts, their state, and how many shardlets they own')
    .option('--json', 'one JSON document', false)
    .action(({ json }: { json: boolean }) => list(json));
  const adding = hosts
    .command('add')
    .description(
      'take a storage server into use: redis://HOST:PORT or postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    )
    .argument('<url>')
    .option('--name <name>', 'how it is called; else its address')
    .option('--dry-run', 'tell whether it would be taken, and change nothing', false);
  describing(adding).action((url: string, { name, dryRun, ...facts }: AddOptions) =>
    take({ url, name, ...descriptionOf(facts) }, dryRun),
  );
  describing(
    hosts
      .command('describe')
      .description('say what a host is and takes; what is not named stays')
      .argument('<id>', 'its number in the list')
      .option('--dry-run', 'tell how it would be described, and change nothing', false),
  ).action((id: string, { dryRun, ...facts }: DescribeOptions) => describe(id, descriptionOf(facts), dryRun));
  hosts
    .command('remove')
    .description('take a storage server out of use; it must own no shardlet')
    .argument('<id>', 'its number in the list')
    .option('--dry-run', 'tell whether it would go, and change nothing', false)
    .action((id: string, { dryRun }: { dryRun: boolean }) => remove(id, dryRun));
  hosts
    .command('accept-loss')
    .description('show what a host that went back to an older state lost, and use it again without it')
    .argument('<id>', 'its number in the list')
    .option('--dry-run', 'only show the loss, and change nothing', false)
    .option('--yes', 'accept without asking; it cannot be undone', false)
    .option('--json', 'one JSON document', false)
    .action((id: string, options: AcceptLossOptions) => acceptHostLoss(numberOf(id), options));
}

async function list(json: boolean): Promise<void> {
  const { hosts, shardlets } = await withControl(({ topology }) => topology.snapshot());
  const rows = hosts.map((host) => ({
    id: host.id,
    name: host.name,
    engine: host.engine,
    state: host.state,
    durability: host.durability,
    zone: host.zone,
    labels: writeLabels(host.labels),
    'events/s max': host.capacity.eventsPerSecond ?? '',
    shardlets: shardlets.filter((s) => s.owner === host.id && s.state.kind !== 'gone').length,
    url: withoutPassword(host.url),
    ...(json ? { regressed: regressionOf(host) ?? null } : {}),
  }));
  printRows(rows, json, 'no host yet: add one with "foreshard hosts add URL"');
  if (!json) for (const host of hosts) tellRegression(host, rows.find((r) => r.id === host.id)!.shardlets);
}

/** What shows that it went back to an older state, as long as nobody has accepted what it lost. */
function regressionOf({ readmission }: Host): string | undefined {
  const regressed = readmission?.regressed;
  return regressed?.accepted === undefined ? regressed?.detail : undefined;
}

function tellRegression(host: Host, shardlets: number): void {
  const detail = regressionOf(host);
  if (detail === undefined) return;
  process.stdout.write(
    `\n${host.name} went back to an older state (${detail}). ${counted(shardlets, 'shardlet')} of it wait.\n` +
      `If a newer copy of its data exists, start it on that; else review the loss: foreshard hosts accept-loss ${host.id} --dry-run\n`,
  );
}

async function take({ url, ...more }: Addition, dryRun: boolean): Promise<void> {
  const added = await withControl((control) => add(control, { url, ...more }, dryRun));
  process.stdout.write(`${withoutPassword(url)} ${wordsOf(added)}\n`);
}

function wordsOf(added: Added): string {
  if (added.kind === 'wouldJoin') return 'would join as a new host';
  return `${added.kind === 'known' ? 'is known already as' : 'joined as'} host ${added.hostId}`;
}

async function describe(text: string, description: HostDescription, dryRun: boolean): Promise<void> {
  const id = numberOf(text);
  if (Object.keys(description).length === 0) throw badInput('nothing is said of the host: see --help');
  const decision = describeHost(id, description);
  const { host } = await withControl(async (control) =>
    dryRun
      ? accepted(tryDecision(await control.topology.snapshot(), decision, Date.now()))
      : decide(control, decision),
  );
  const { zone, labels, capacity } = host;
  const facts = [
    `zone ${zone}`,
    writeLabels(labels),
    ...Object.entries(capacity).map(([k, v]) => `${k} ${v}`),
  ];
  process.stdout.write(
    `host ${id} ${dryRun ? 'would be' : 'is'}: ${facts.filter((f) => f !== '').join(', ')}\n`,
  );
}

function numberOf(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw badInput(`a host is named by its number, not "${text}"`);
  return id;
}

async function remove(text: string, dryRun: boolean): Promise<void> {
  const id = numberOf(text);
  await withControl(async (control) =>
    dryRun
      ? accepted(tryDecision(await control.topology.snapshot(), removeHost(id), Date.now()))
      : decide(control, removeHost(id)),
  );
  process.stdout.write(dryRun ? `host ${id} would be removed\n` : `host ${id} was removed\n`);
}
