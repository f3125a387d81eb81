/** foreshard policy: the thresholds of the planner, with every version that ever held. */
import { readFile } from 'node:fs/promises';
import { isCalledOff } from '@foreshard/core/advising';
import { type OutputOf, policy } from '@foreshard/core/operations';
import { DEFAULT_POLICY, type Policy, policyDifferences } from '@foreshard/core/planning';
import { type Command, InvalidArgumentError } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson, note as remark, writeOut } from '../output.ts';
import { idOf } from '../restructure/arguments.ts';
import { printRows } from '../table.ts';
import { instant } from './instant.ts';

const LISTED_DEFAULT = 20;

interface ChangeOptions extends OperationOptions {
  readonly note: string;
  readonly effective?: number;
  readonly from?: number;
}

type Version = Pick<OutputOf<typeof policy.read>['newest'], 'version' | 'policy'>;
type Changed = OutputOf<typeof policy.change>;

const HELP = `
Examples:
  foreshard policy change mode=ask
  foreshard policy change host.fullness=0.7 capacity.events_per_second=5000 --note "smaller machines"
  foreshard policy set policy.json --effective 2026-12-01T00:00:00Z`;

export function register(program: Command): void {
  const group = program.command('policy').description('the thresholds and the mode of the planner');
  operating(group.command('show', { isDefault: true }), policy.read)
    .description('what holds now, as JSON; --differences: only what is not the default')
    .option('--differences', 'only what is not the default', false)
    .action(show);
  operating(group.command('versions'), policy.versions)
    .description('what held before, newest first')
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .action(versions);
  changing(operating(group.command('change'), policy.change).description('change single settings'))
    .argument('<settings...>', 'path=value, such as host.fullness=0.7')
    .addHelpText('after', HELP)
    .action(change);
  changing(operating(group.command('set'), policy.change).description('replace the whole policy'))
    .argument('<file>', 'JSON of what differs from the defaults')
    .action(set);
  changing(
    operating(group.command('rollback'), policy.rollBack).description(
      'let an earlier version hold again, as a new one',
    ),
  )
    .argument('<version>', 'its number; 0: the defaults', wholeNumber)
    .action(rollBack);
}

function changing(command: Command): Command {
  return command
    .option('--note <text>', 'kept with the version', '')
    .option('--effective <time>', 'holds from then on: 2026-12-01T04:00:00+01:00', instant)
    .option('--from <version>', 'only if this is the newest version', wholeNumber);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a version is a whole number.');
}

async function show({ differences, ...options }: OperationOptions & { differences: boolean }): Promise<void> {
  const answer = await runOperation(policy.read, {}, options);
  if (options.json) return printJson(answer);
  const { policy: settings, version, actor, note } = answer.holding;
  remark(`version ${version} by ${actor}${note === '' ? '' : `: ${note}`}`);
  const own = policyDifferences(DEFAULT_POLICY, settings as Policy).map(({ path, after }) => [path, after]);
  await print(`${JSON.stringify(differences ? Object.fromEntries(own) : settings, null, 2)}\n`);
}

async function versions({ limit, ...options }: OperationOptions & { limit: number }): Promise<void> {
  const answer = await runOperation(policy.versions, { limit }, options);
  if (options.json) return printJson(answer);
  const found = answer.versions.map((one) => ({ ...one, effectiveMs: Date.parse(one.effectiveAt ?? '') }));
  const rows = found.map((one, i) => ({
    version: one.version,
    effective: isCalledOff(one, found.slice(0, i)) ? 'called off' : one.effectiveAt,
    by: one.actor,
    note: one.note,
    changed: differencesText(found[i + 1]?.policy ?? DEFAULT_POLICY, one.policy),
  }));
  printRows(rows, false, 'the defaults hold: nobody has changed them');
}

async function change(settings: readonly string[], options: ChangeOptions): Promise<void> {
  const newest = await newestVersion(options);
  const draft = structuredClone(newest.policy) as Record<string, unknown>;
  for (const setting of settings) assign(draft, setting);
  await save(newest, draft, options);
}

async function set(file: string, options: ChangeOptions): Promise<void> {
  let draft: Version['policy'];
  try {
    draft = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw badInput(`${file} cannot be read: ${(error as Error).message}`);
  }
  await save(await newestVersion(options), draft, options);
}

async function save(newest: Version, draft: Version['policy'], options: ChangeOptions): Promise<void> {
  const wanted = { policy: draft, ...orderOf(newest, options) };
  report(newest, await runOperation(policy.change, wanted, options), options);
}

async function rollBack(to: number, options: ChangeOptions): Promise<void> {
  const newest = await newestVersion(options);
  const wanted = { to, ...orderOf(newest, options) };
  report(newest, await runOperation(policy.rollBack, wanted, options), options);
}

async function newestVersion(options: OperationOptions): Promise<Version> {
  return (await runOperation(policy.read, {}, options)).newest;
}

function orderOf(newest: Version, { note, effective, from }: ChangeOptions) {
  const effectiveAt = effective === undefined ? {} : { effectiveAt: new Date(effective).toISOString() };
  return { from: from ?? newest.version, note, ...effectiveAt };
}

function report(newest: Version, changed: Changed, { json, dryRun }: ChangeOptions): void {
  for (const absent of changed.absent)
    remark(`there is no ${absent}: what the policy says of it has no effect until there is`);
  const differences = differencesText(newest.policy, changed.policy) || 'nothing';
  const text = dryRun === true ? `would change ${differences}` : `version ${changed.version}: ${differences}`;
  if (json) printJson(changed);
  else writeOut(`${text}\n`);
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

function differencesText(before: Version['policy'], after: Version['policy']): string {
  return policyDifferences(before as Policy, after as Policy)
    .map(({ path, after: value }) => `${path}=${JSON.stringify(value)}`)
    .join(' ');
}
