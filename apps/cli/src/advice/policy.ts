/** foreshard policy: the thresholds of the planner, with every version that ever held. */
import { readFile } from 'node:fs/promises';
import { changePolicy, earlyText, isCalledOff, type PolicyVersion } from '@foreshard/core/advising';
import {
  absentFrom,
  contradictionOf,
  DEFAULT_POLICY,
  type Policy,
  policyDifferences,
  policySchema,
} from '@foreshard/core/planning';
import { type Command, InvalidArgumentError } from 'commander';
import type { Control } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { print } from '../output.ts';
import { idOf } from '../restructure/arguments.ts';
import { printRows } from '../table.ts';
import { adviserOf } from './adviser.ts';
import { instant } from './instant.ts';

const LISTED_DEFAULT = 20;

interface ChangeOptions {
  readonly note: string;
  readonly effective?: number;
  readonly from?: number;
  readonly dryRun: boolean;
}

const HELP = `
Examples:
  foreshard policy change mode=ask
  foreshard policy change host.fullness=0.7 capacity.events_per_second=5000 --note "smaller machines"
  foreshard policy set policy.json --effective 2026-12-01T00:00:00Z`;

export function register(program: Command): void {
  const policy = program.command('policy').description('the thresholds and the mode of the planner');
  policy
    .command('show', { isDefault: true })
    .description('what holds now, as JSON; --differences: only what is not the default')
    .option('--differences', 'only what is not the default', false)
    .action(show);
  policy
    .command('versions')
    .description('what held before, newest first')
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .option('--json', 'one JSON document', false)
    .action(versions);
  changing(policy.command('change').description('change single settings'))
    .argument('<settings...>', 'path=value, such as host.fullness=0.7')
    .addHelpText('after', HELP)
    .action((settings: string[], options: ChangeOptions) => change(settings, options));
  changing(policy.command('set').description('replace the whole policy'))
    .argument('<file>', 'JSON of what differs from the defaults')
    .action((file: string, options: ChangeOptions) => set(file, options));
  changing(policy.command('rollback').description('let an earlier version hold again, as a new one'))
    .argument('<version>', 'its number; 0: the defaults', wholeNumber)
    .action((version: number, options: ChangeOptions) => rollback(version, options));
}

function changing(command: Command): Command {
  return command
    .option('--note <text>', 'kept with the version', '')
    .option('--effective <time>', 'holds from then on: 2026-12-01T04:00:00+01:00', instant)
    .option('--from <version>', 'only if this is the newest version', wholeNumber)
    .option('--dry-run', 'tell what would change, and change nothing', false);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a version is a whole number.');
}

async function show({ differences }: { differences: boolean }): Promise<void> {
  await withControl(async ({ policies }) => {
    const { policy, version, actor, note } = await policies.at(Date.now());
    process.stderr.write(`version ${version} by ${actor}${note === '' ? '' : `: ${note}`}\n`);
    const own = policyDifferences(DEFAULT_POLICY, policy).map(({ path, after }) => [path, after]);
    const shown = differences ? Object.fromEntries(own) : policy;
    await print(`${JSON.stringify(shown, null, 2)}\n`);
  });
}

async function versions({ limit, json }: { limit: number; json: boolean }): Promise<void> {
  await withControl(async ({ policies }) => {
    const found = await policies.versions(limit);
    if (json) return printRows(found as unknown as Record<string, unknown>[], true, '');
    const rows = found.map((one, i) => ({
      version: one.version,
      effective: isCalledOff(one, found.slice(0, i)) ? 'called off' : new Date(one.effectiveMs).toISOString(),
      by: one.actor,
      note: one.note,
      changed: told(found[i + 1]?.policy ?? DEFAULT_POLICY, one.policy),
    }));
    printRows(rows, false, 'the defaults hold: nobody has changed them');
  });
}

async function change(settings: readonly string[], options: ChangeOptions): Promise<void> {
  await withControl(async (control) => {
    const newest = await newestOf(control);
    const draft = structuredClone(newest.policy) as Record<string, unknown>;
    for (const setting of settings) assign(draft, setting);
    await save(control, newest, draft, options);
  });
}

async function set(file: string, options: ChangeOptions): Promise<void> {
  let draft: unknown;
  try {
    draft = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw badInput(`${file} cannot be read: ${(error as Error).message}`);
  }
  await withControl(async (control) => save(control, await newestOf(control), draft, options));
}

async function rollback(version: number, options: ChangeOptions): Promise<void> {
  await withControl(async (control) => {
    const all = await control.policies.versions(Number.MAX_SAFE_INTEGER);
    const found = version === 0 ? DEFAULT_POLICY : all.find((one) => one.version === version)?.policy;
    if (found === undefined) throw badInput(`there is no version ${version}`);
    const note = options.note || `back to version ${version}`;
    await save(control, await newestOf(control), found, { ...options, note }, { callsOff: true });
  });
}

async function newestOf({ policies }: Control): Promise<Pick<PolicyVersion, 'version' | 'policy'>> {
  const [newest] = await policies.versions(1);
  return newest ?? { version: 0, policy: DEFAULT_POLICY };
}

async function save(
  control: Control,
  newest: Pick<PolicyVersion, 'version' | 'policy'>,
  draft: unknown,
  { note, effective, from, dryRun }: ChangeOptions,
  { callsOff } = { callsOff: false },
): Promise<void> {
  const parsed = policySchema.safeParse(draft);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw badInput(`${path.join('.') || 'the policy'}: ${message}`);
  }
  const contradiction = contradictionOf(parsed.data);
  if (contradiction !== undefined) throw badInput(contradiction);
  if (from !== undefined && from !== newest.version) throw changedMeanwhile(newest.version);
  const differences = told(newest.policy, parsed.data) || 'nothing';
  await tellAbsent(control, parsed.data);
  if (dryRun) return void (await print(`would change ${differences}\n`));
  const { actor, nowMs } = adviserOf(control);
  const createdMs = nowMs();
  const effectiveMs = effective ?? createdMs;
  const made = { from: newest.version, policy: parsed.data, actor, note, createdMs, effectiveMs };
  const reply = await changePolicy(control.policies, made, { callsOff });
  if (reply.kind === 'conflict') throw changedMeanwhile(newest.version + 1);
  if (reply.kind === 'contradictory') throw badInput(reply.detail);
  if (reply.kind === 'early') throw new CommandFailure(earlyText(reply.scheduled));
  await control.jobs.wake('plan').catch(() => {});
  await print(`version ${reply.version.version}: ${differences}\n`);
}

async function tellAbsent({ topology, clusters }: Control, policy: Policy): Promise<void> {
  const [{ streams }, others] = await Promise.all([topology.snapshot(), clusters.list()]);
  const names = (named: readonly { readonly name: string }[]) => named.map(({ name }) => name);
  for (const absent of absentFrom(policy, names(streams), names(others)))
    process.stderr.write(
      `there is no ${absent}: what the policy says of it holds for nothing until there is\n`,
    );
}

function changedMeanwhile(version: number): CommandFailure {
  return new CommandFailure(
    `somebody has changed the policy meanwhile (version ${version}): look at it again`,
  );
}

/** The type of the value is the one the setting has. */
function assign(draft: Record<string, unknown>, setting: string): void {
  const [path, ...rest] = setting.split('=');
  const value = rest.join('=');
  const names = path!.split('.');
  const last = names.pop()!;
  let place: unknown = draft;
  for (const name of names) place = (place as Record<string, unknown> | undefined)?.[name];
  if (typeof place !== 'object' || place === null || !(last in place))
    throw badInput(
      `the policy has no setting "${path}"${suggestion(draft, last)}; all of them: foreshard policy show`,
    );
  if (rest.length === 0) throw badInput(`"${path}" has no value: write ${path}=VALUE`);
  const slot = place as Record<string, unknown>;
  if (typeof slot[last] === 'object') slot[last] = parsedJson(value, setting);
  else slot[last] = typeof slot[last] === 'number' ? numberIn(value, setting) : value;
}

/** The settings of this name, which stand elsewhere. */
function suggestion(draft: Record<string, unknown>, name: string): string {
  const paths = Object.entries(draft).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null ? Object.keys(value).map((inner) => `${key}.${inner}`) : key,
  );
  const alike = paths.filter((path) => path.split('.').at(-1) === name);
  return alike.length === 0 ? '' : ` (${alike.join(' or ')}?)`;
}

/** An empty text would be 0. */
function numberIn(text: string, setting: string): number {
  if (text.trim() !== '') return Number(text);
  throw badInput(`"${setting}": the value has to be a number`);
}

function parsedJson(text: string, setting: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput(`"${setting}": the value has to be JSON`);
  }
}

function told(before: Policy, after: Policy): string {
  return policyDifferences(before, after)
    .map(({ path, after: value }) => `${path}=${JSON.stringify(value)}`)
    .join(' ');
}
