/** foreshard plans: what the planner proposes together, approved, scheduled, withdrawn and undone as one. */
import { EVERY_CLUSTER, PLAN_STATES, type PlanState } from '@foreshard/core/advising';
import { type OutputOf, plans } from '@foreshard/core/operations';
import { type Command, Option } from 'commander';
import { badInput } from '../failure.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { note, print, printJson } from '../output.ts';
import { idOf } from '../restructure/arguments.ts';
import { printRows } from '../table.ts';
import { instant } from './instant.ts';

const LISTED_DEFAULT = 20;
const MB = 1e6;

type Plan = OutputOf<typeof plans.read>;
type Part = Plan['parts'][number];
type Approved = OutputOf<typeof plans.approve>;
type Undone = OutputOf<typeof plans.undo>;

interface ListOptions extends OperationOptions {
  readonly all: boolean;
  readonly state?: PlanState;
  readonly before?: number;
  readonly limit: number;
}

interface ApproveOptions extends OperationOptions {
  readonly note: string;
  readonly part?: readonly number[];
  readonly revision?: number;
  readonly topology?: number;
}

interface ScheduleOptions extends ApproveOptions {
  readonly window: boolean;
  readonly at?: number;
}

export function register(program: Command): void {
  const group = program.command('plans').description('what the planner proposes together, as one plan');
  operating(group.command('list', { isDefault: true }), plans.list)
    .description('plans that wait or run; --all: also those that have ended')
    .option('--all', 'also those that have ended, newest first', false)
    .addOption(
      new Option('--state <state>', 'only those in this state, also of those that have ended').choices(
        PLAN_STATES,
      ),
    )
    .option('--before <id>', 'only those before it: the next page', idOf)
    .option('--limit <count>', 'how many', idOf, LISTED_DEFAULT)
    .action(list);
  operating(group.command('show'), plans.read)
    .description('one plan: its hosts with and without it, its cost, and each part with its progress')
    .argument('<id>', 'its number', idOf)
    .action(show);
  approving(operating(group.command('approve'), plans.approve))
    .description('let a plan, or parts of it, be carried out at once')
    .action(approve);
  approving(operating(group.command('schedule'), plans.schedule))
    .description('let a plan begin later, or move what has not begun to another time')
    .option('--window', 'begin in the next migration window of the policy', false)
    .option('--at <time>', 'do not begin before: 2026-12-01T04:00:00+01:00', instant)
    .action(schedule);
  operating(group.command('withdraw'), plans.withdraw)
    .description('reject what waits of a plan, and take back what has not begun')
    .argument('<id>', 'its number', idOf)
    .requiredOption('--reason <text>', 'kept with the decision')
    .action(withdraw);
  operating(group.command('undo'), plans.undo)
    .description('abort what moves, move back what has moved')
    .argument('<id>', 'its number', idOf)
    .option('--note <text>', 'kept with the decision', '')
    .action(undo);
}

function approving(command: Command): Command {
  return command
    .argument('<id>', 'its number', idOf)
    .option('--note <text>', 'kept with the decision', '')
    .option('--part <ids...>', 'only these recommendations of it', partIds)
    .option('--revision <number>', 'approve this revision of the plan and no other', idOf)
    .option('--topology <version>', 'approve what was simulated on this version and no other', idOf);
}

function partIds(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, idOf(text)];
}

async function list({ all: ended, state, before, limit, ...options }: ListOptions): Promise<void> {
  const asked = {
    ...{ cluster: EVERY_CLUSTER, ended, limit },
    ...(state === undefined ? {} : { state }),
    ...(before === undefined ? {} : { before }),
  };
  const answer = await runOperation(plans.list, asked, options);
  if (options.json) return printJson(answer);
  printRows(answer.plans.map(rowOf), false, 'no plan waits: see "foreshard recommendations decisions"');
  if (answer.next !== null) note(`older ones: --before ${answer.next}`);
}

function rowOf({
  id,
  cluster,
  state,
  headline,
  counts,
  bytes,
  seconds,
  expiresAt,
  revision,
  topologyVersion,
}: Plan) {
  return {
    id,
    cluster: cluster ?? 'own',
    state,
    headline,
    parts: `${counts.done} of ${counts.parts - counts.dropped} done`,
    copies: `${(bytes / MB).toFixed(1)} MB`,
    takes: seconds === null ? null : `${duration(seconds.low)} to ${duration(seconds.high)}`,
    expires: expiresAt,
    'revision/topology': `${revision}/${topologyVersion}`,
  };
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} min`;
}

async function show(plan: number, options: OperationOptions): Promise<void> {
  const found = await runOperation(plans.read, { plan }, options);
  if (options.json) return printJson(found);
  await printPlan(found);
}

async function printPlan(plan: Plan): Promise<void> {
  await print(`Plan ${plan.id} (${plan.state}): ${plan.headline}\n`);
  const hosts = plan.picture?.hosts ?? [];
  if (hosts.length > 0)
    printRows(
      hosts.map(({ name, without, with: after }) => ({
        host: name,
        without: peakOf(without),
        with: peakOf(after),
      })),
      false,
      '',
    );
  printRows(plan.parts.map(partRow), false, 'it has no parts');
  const { writePause, movesBack } = plan;
  if (writePause !== null)
    note(
      `writers pause ${writePause.medianMs} ms per move (at most ${writePause.longestMs} ms in the newest ${writePause.moves})`,
    );
  if (movesBack > 0) note(`you can move it back: foreshard plans undo ${plan.id}`);
}

type Course = NonNullable<Plan['picture']>['hosts'][number]['with'];

/** The worst of the horizon, with its interval. */
function peakOf(course: Course): string | null {
  const worst = course.reduce<Course[number] | undefined>(
    (most, one) => (most !== undefined && most.planned >= one.planned ? most : one),
    undefined,
  );
  if (worst === undefined) return null;
  const percent = (share: number) => Math.round(100 * share);
  return `${percent(worst.planned)} % (${percent(worst.low)} to ${percent(worst.high)} %)`;
}

function partRow({ recommendation: { id, state, proposal, result, replacedBy }, dependsOn, progress }: Part) {
  const { action, shardlets, source, destination, reason } = proposal;
  return {
    part: id,
    state: progress === null || state !== 'running' ? state : progress.phase,
    action,
    shardlets: shardlets.join(','),
    from: source,
    to: destination,
    needs: dependsOn.join(','),
    'replaced by': replacedBy,
    why: result === '' ? reason : result,
  };
}

async function approve(plan: number, options: ApproveOptions): Promise<void> {
  const request = await requestFor(plan, options);
  await printApproved(await runOperation(plans.approve, request, options), options);
}

async function schedule(plan: number, { window, at, ...options }: ScheduleOptions): Promise<void> {
  if (window === (at !== undefined)) throw badInput('name either --window or --at');
  const when = at === undefined ? 'window' : new Date(at).toISOString();
  const request = { ...(await requestFor(plan, options)), when };
  await printApproved(await runOperation(plans.schedule, request, options), options);
}

/** Without a revision: what stands there now is what is approved. */
async function requestFor(plan: number, { note, part, revision, topology, ...options }: ApproveOptions) {
  const parts = part === undefined ? {} : { parts: [...part] };
  if (revision !== undefined && topology !== undefined)
    return { plan, revision, topologyVersion: topology, note, ...parts };
  const now = await runOperation(plans.read, { plan }, options);
  return {
    plan,
    revision: revision ?? now.revision,
    topologyVersion: topology ?? now.topologyVersion,
    note,
    ...parts,
  };
}

async function printApproved(answer: Approved, options: OperationOptions): Promise<void> {
  if (options.json) return printJson(answer);
  const rows = answer.results.map(({ recommendation: part, result, notBefore, refusal }) => ({
    part,
    result,
    detail:
      refusal?.detail ??
      (result === 'approved' ? `starts ${notBefore ?? 'at once'}` : 'another person has to approve it'),
  }));
  printRows(rows, false, '');
}

async function withdraw(
  plan: number,
  { reason, ...options }: OperationOptions & { reason: string },
): Promise<void> {
  await printUndone(await runOperation(plans.withdraw, { plan, note: reason }, options), options);
}

async function undo(plan: number, { note, ...options }: OperationOptions & { note: string }): Promise<void> {
  await printUndone(await runOperation(plans.undo, { plan, note }, options), options);
}

async function printUndone(answer: Undone, options: OperationOptions): Promise<void> {
  if (options.json) return printJson(answer);
  const rows = answer.results.map(({ recommendation: part, result, detail }) => ({ part, result, detail }));
  printRows(rows, false, 'nothing was left to do');
}
