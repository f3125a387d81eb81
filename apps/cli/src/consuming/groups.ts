/** foreshard groups: what consumer groups there are, and how far each is, by shardlet. */
import { groups, type OutputOf } from '@foreshard/core/operations';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { print, printJson, writeOut } from '../output.ts';
import { addressFrom } from '../secret-input.ts';
import { printRows } from '../table.ts';
import { type CheckpointFlags, checkpointSettingsOf } from './checkpoint-settings.ts';

type Group = OutputOf<typeof groups.show>;
type Summary = OutputOf<typeof groups.summaries>['groups'][number];

/** The most that a page may have. */
const PAGE = 200;

const NONE = 'no group yet: begin one with "foreshard consume --group NAME"';

interface ListFlags extends OperationOptions {
  readonly search: string;
}

export async function showGroups(name: string | undefined, { search, ...options }: ListFlags): Promise<void> {
  if (name !== undefined) {
    const group = await runOperation(groups.show, { group: name }, options);
    if (options.json) return printJson(group);
    printRows(rowsOf(group), false, 'no member has polled yet');
    await print(`\n${progressText(group)}\n`);
    return;
  }
  const all = await summariesOf(search, options);
  if (options.json) return printJson(all.map(factsOf));
  printRows(all.map(summary), false, search === '' ? NONE : `no group has "${search}" in its name or stream`);
}

async function summariesOf(search: string, options: OperationOptions): Promise<Summary[]> {
  const all: Summary[] = [];
  for (;;) {
    const page = { search, internal: true, limit: PAGE, offset: all.length };
    const { groups: more, total } = await runOperation(groups.summaries, page, options);
    all.push(...more);
    if (more.length === 0 || all.length >= total) return all;
  }
}

export type CreateOptions = OperationOptions &
  CheckpointFlags & {
    readonly stream: string;
    readonly from: 'oldest' | 'now';
    readonly order: 'key' | 'log';
    readonly sessionSeconds?: number;
    readonly drainMinutes?: number;
    readonly deadLetters: boolean;
    readonly checkpoints: boolean;
  };

/** A setting of checkpoints asks for checkpoints. */
export async function createGroup(name: string, flags: CreateOptions): Promise<void> {
  const { json, direct, stream, from, order, sessionSeconds, drainMinutes, deadLetters } = flags;
  const settings = checkpointSettingsOf(flags);
  const keepsState = flags.checkpoints || Object.keys(settings).length > 0;
  const group = {
    ...{ name, stream, from, order, deadLetters },
    ...(sessionSeconds === undefined ? {} : { sessionMs: sessionSeconds * 1_000 }),
    ...(drainMinutes === undefined ? {} : { drainMinutes }),
    ...(keepsState ? { checkpoints: settings } : {}),
  };
  const answer = await runOperation(groups.create, group, { json, direct });
  if (json) return printJson(answer);
  await print(`created ${answer.name} on ${answer.stream}\n`);
  if (answer.checkpointing !== null) printRows([answer.checkpointing], false, '');
}

type PushOptions = OperationOptions & {
  readonly stream: string;
  readonly push: string;
  readonly from: 'oldest' | 'now';
  readonly order: 'key' | 'log';
  readonly attempts?: number;
};

export async function addPush(
  group: string,
  { stream, push: given, from, order, attempts, ...options }: PushOptions,
): Promise<void> {
  const url = await addressFrom(given, 'the address of --push');
  const answer = await runOperation(groups.push, { group, url, stream, from, order, attempts }, options);
  if (options.json) return printJson(answer);
  const { name, secret } = answer;
  writeOut(`created ${name}: a worker posts ${stream} to ${url}. Secret, shown this once: ${secret}\n`);
}

export async function removeGroup(name: string, options: OperationOptions): Promise<void> {
  const answer = await runOperation(groups.remove, { group: name }, options);
  if (options.json) return printJson(answer);
  const { result, letters } = answer;
  const counted = letters === null ? [] : [letters.dead, letters.redriven, letters.discarded];
  const total = counted.reduce((sum, count) => sum + count, 0);
  const dead = total === 0 ? '' : ` and ${total} dead letters`;
  writeOut(`${result} ${name} with its committed positions${dead}\n`);
}

function factsOf(group: Summary) {
  const { name, stream, delivery, order, members, shardlets, lag, redriveOf, progress, membersWanted } =
    group;
  return {
    ...{ group: name, stream, delivery, order, members, shardlets, lag },
    ...{ catchUp: progress.catchUp, redriveOf, membersWanted },
  };
}

function summary(group: Summary) {
  const { catchUp, redriveOf, membersWanted, ...facts } = factsOf(group);
  const internal = redriveOf === null ? '' : `of ${redriveOf}`;
  return { ...facts, wanted: wantedShort(membersWanted), 'caught up': catchUpText(catchUp), internal };
}

const UNKNOWN = {
  lag: 'unknown: a host does not answer',
  processing: 'unknown: its speed is not measured yet',
  arrivals: 'unknown: nothing is known of its stream yet',
} as const;

function catchUpText(catchUp: Group['progress']['catchUp']): string {
  if (catchUp.kind === 'by') return `by ${new Date(catchUp.atMs).toISOString().slice(0, 16)}Z`;
  if (catchUp.kind === 'later') return `not within ${minutes(catchUp.afterMs)}`;
  if (catchUp.kind === 'caught up') return 'yes';
  return catchUp.kind === 'unknown' ? UNKNOWN[catchUp.because] : 'not catching up';
}

type Wanted = Group['membersWanted'];

/** Members now, and the most within the horizon where that is another number. */
function wantedShort(wanted: Wanted): string {
  if (wanted === null) return '';
  const { now, atHorizon } = wanted;
  if (now === null || atHorizon === null) return 'unknown';
  return now === atHorizon ? String(now) : `${now}, soon ${atHorizon}`;
}

const WANTED_UNKNOWN = {
  lag: 'a host does not answer',
  arrivals: 'nothing is known of its stream yet',
  rate: 'the speed of a member is not measured yet',
} as const;

function wantedText({ members, membersWanted }: Group): string[] {
  if (membersWanted === null) return [];
  const { now, atHorizon, at, why } = membersWanted;
  if (why.kind === 'unknown')
    return [`members: ${members.length}, wanted: unknown, ${WANTED_UNKNOWN[why.because]}`];
  const from = at === null ? '' : ` (more from ${new Date(at).toISOString().slice(0, 16)}Z)`;
  return [
    `members: ${members.length}, wanted: ${now} now, ${atHorizon} within 30 min${from}`,
    `a member processes up to ${rate(why.memberRate)}, up to ${rate(why.arrivingAhead)} arrive, backlog within ${why.drainMinutes} min`,
    ...(why.limitedByShardlets ? ['more members would need more shardlets: split some'] : []),
  ];
}

function progressText(group: Group): string {
  const { lag, order, progress, waitingCount, deadLetters } = group;
  const { processing, arriving, arrivalsFrom, catchUp } = progress;
  return [
    `lag ${lag ?? 'unknown'}, caught up: ${catchUpText(catchUp)}`,
    `processing ${rate(processing)} (avg over 5 min), arriving ${rate(arriving)}${arrivalsFrom === null ? '' : ` (${arrivalsFrom})`}`,
    ...wantedText(group),
    ...stateText(group),
    ...(order === 'key' ? [] : ['order: log, each member gets its shardlets merged by time']),
    ...(waitingCount === 0 ? [] : [`${waitingCount} shardlets wait for their parents`]),
    ...(deadLetters === null ? [] : [`dead letters in ${deadLetters.stream}: foreshard groups letters list`]),
  ].join('\n');
}

function stateText({ state, checkpointing, members }: Group): string[] {
  if (checkpointing === null) return [];
  if (state === null) return ['state: not judged yet; a worker does that every 10 s'];
  return [
    `${checkpointText(state)}, due now: ${state.due}`,
    `a recovery takes up to ${(state.recoveryMs / 1_000).toFixed(1)} s a shardlet, up to ${Math.round(state.backlog)} events arrive meanwhile`,
    ...members.flatMap(({ id, state: own }) => (own === null ? [] : [`  ${id}: ${checkpointText(own)}`])),
  ];
}

function checkpointText({ oldestCheckpointAt: at, withoutCheckpoint }: NonNullable<Group['state']>): string {
  const without = withoutCheckpoint === 0 ? '' : `, ${withoutCheckpoint} shardlets have none`;
  return `oldest checkpoint: ${at === null ? 'none' : `${new Date(at).toISOString().slice(0, 19)}Z`}${without}`;
}

const rate = (perSecond: number | null) => (perSecond === null ? 'unknown' : `${perSecond.toFixed(1)}/s`);
const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;

function rowsOf({ shardlets, waiting }: Group) {
  const held = shardlets.map(({ shardlet, member, revoking, seq, lag, weight, skipped, why }) => ({
    shardlet,
    member: revoking ? `${member} (leaving)` : member,
    committed: seq,
    lag,
    load: weight === null ? null : rate(weight),
    skipped,
    why: why === null ? 'processed to its end' : whyText(why),
  }));
  const shown = new Set(held.map(({ shardlet }) => shardlet));
  const others = waiting
    .filter(({ shardlet }) => !shown.has(shardlet))
    .map(({ shardlet, parents }) => ({
      ...{ shardlet, member: null, committed: null, lag: null, load: null, skipped: null },
      why: whyText({ kind: 'waits', parents }),
    }));
  return [...held, ...others];
}

type Why = NonNullable<Group['shardlets'][number]['why']>;

function whyText(why: Why): string {
  if (why.kind === 'kept') return why.committed ? 'kept by its member' : 'new to its member';
  if (why.kind === 'revoking') {
    const { holds, share } = why.load ?? why;
    const [has, fair] = why.load ? [rate(holds), rate(share)] : [holds, share];
    return `leaving: its member has ${has}, a fair share is ${fair}`;
  }
  if (why.kind === 'free') return why.members === 0 ? 'no member' : 'next member that polls';
  const of = why.parents.map(({ shardlet, seq, finalSeq }) => `${shardlet} (${seq} of ${finalSeq ?? '?'})`);
  return `waits for ${of.join(', ')}`;
}
