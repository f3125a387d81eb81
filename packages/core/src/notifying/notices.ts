/**
 * What there is to tell, from what the cluster knows anyway: recommendations that wait for a person, what failed, and
 * alarms. A notice has a subject that stays the same while it is about the same, and no target is told a subject twice:
 * so a recommendation is told once per revision, and an alarm once until it is over.
 */
import { OWN_CLUSTER, obstacleTo, type RecommendationRecord } from '../advising/index.ts';
import type { Move } from '../moves/index.ts';
import type { Policy } from '../planning/index.ts';
import { ALARM_SETTLES_MS, type AlarmRecord } from './alarms.ts';
import type { NoticeKind } from './target.ts';

export interface Notice {
  readonly kind: NoticeKind;
  readonly subject: string;
  readonly level: 'info' | 'warn' | 'bad' | 'ok';
  readonly title: string;
  readonly text: string;
  readonly atMs: number;
  /** of the console, for whoever wants to see more */
  readonly path: string;
}

export interface Known {
  /** open and failed ones */
  readonly recommendations: readonly RecommendationRecord[];
  readonly policy: Policy;
  /** ended ones */
  readonly moves: readonly Move[];
  readonly alarms: readonly AlarmRecord[];
  /** names of our own hosts by id; one that is gone has none */
  readonly hostNames: ReadonlyMap<number, string>;
  readonly nowMs: number;
}

export function noticesOf(known: Known): Notice[] {
  const { recommendations, moves, alarms, nowMs } = known;
  return [
    ...alarms.flatMap((alarm) => alarmNotices(alarm, nowMs)),
    ...recommendations.flatMap((record) => failureNotices(record)),
    ...moves.flatMap((move) => moveNotices(move, known)),
    ...recommendations.flatMap((record) => waitingNotices(record, known)),
  ];
}

const LEVEL_OF_URGENCY = { now: 'bad', soon: 'warn', 'when-convenient': 'info' } as const;

function waitingNotices(record: RecommendationRecord, known: Known): Notice[] {
  const { id, state, body, lastMs } = record;
  if (state !== 'open') return [];
  if (obstacleTo(record, known.policy) !== undefined) return [];
  const overload = body.overloadAt === null ? '' : ` Overload at ${body.overloadAt} if nothing is done.`;
  return [
    {
      kind: 'recommendation.waiting',
      subject: subjectOf(record),
      level: LEVEL_OF_URGENCY[body.urgency],
      title: `${ofCluster(record)}${whatIsProposed(record, known)} (recommendation ${id})`,
      text: `${sentence(body.reason)}${overload} Approve with "foreshard approve ${id}".`,
      atMs: lastMs,
      path: `/recommendations?id=${id}`,
    },
  ];
}

/** Which host could go changes with every other plan; that one could go is worth a line a day. */
function subjectOf({ id, revision, body, cluster, firstMs }: RecommendationRecord): string {
  if (body.action !== 'remove-host') return `recommendation:${id}:${revision}`;
  return `remove-host:${cluster}:${new Date(firstMs).toISOString().slice(0, DATE_LENGTH)}`;
}

const DATE_LENGTH = 10;

function failureNotices(record: RecommendationRecord): Notice[] {
  const { id, state, result, endedMs, body } = record;
  if (state !== 'failed' || endedMs === null) return [];
  return [
    {
      kind: 'recommendation.failed',
      subject: `recommendation:${id}:failed`,
      level: 'bad',
      title: `${ofCluster(record)}Recommendation ${id} (${body.action}) failed`,
      text: sentence(result),
      atMs: endedMs,
      path: `/recommendations?id=${id}&show=all`,
    },
  ];
}

/** What a person has called off did not fail. */
function moveNotices(move: Move, known: Known): Notice[] {
  const { id, result, order, shardlet, source, dest, detail, endedAtMs } = move;
  if (result !== 'aborted' || order === 'abort' || endedAtMs === null) return [];
  return [
    {
      kind: 'move.failed',
      subject: `move:${id}:failed`,
      level: 'bad',
      title: `The move of shardlet ${shardlet} from ${hostOf(known, source)} to ${hostOf(known, dest)} was given up`,
      text: `${sentence(detail)} The shardlet is where it was.`,
      atMs: endedAtMs,
      path: '/migrations',
    },
  ];
}

function alarmNotices(alarm: AlarmRecord, nowMs: number): Notice[] {
  const { key, kind, level, title, text, path, sinceMs, endedMs } = alarm;
  const subject = `alarm:${key}:${sinceMs}`;
  // one that has just begun may be a restart; one that has just ended may come back
  if (endedMs === null)
    return nowMs - sinceMs < ALARM_SETTLES_MS
      ? []
      : [{ kind, subject, level, title, text, atMs: sinceMs, path }];
  if (nowMs - endedMs < ALARM_SETTLES_MS) return [];
  const over = { level: 'ok' as const, title: `Over: ${title}`, text: 'It is as it should be again.' };
  return [{ kind, subject: overSubject(subject), ...over, atMs: endedMs, path }];
}

const OVER = ':over';

function overSubject(subject: string): string {
  return `${subject}${OVER}`;
}

/** The alarm whose end a notice tells: only who was told of the one is told of the other. */
export function startSubjectOf(subject: string): string | undefined {
  return subject.endsWith(OVER) ? subject.slice(0, -OVER.length) : undefined;
}

function ofCluster({ cluster }: RecommendationRecord): string {
  return cluster === OWN_CLUSTER ? '' : `Cluster ${cluster}: `;
}

function whatIsProposed({ body, cluster }: RecommendationRecord, known: Known): string {
  const { action, shardlets, source, destination } = body;
  if (cluster !== OWN_CLUSTER && action === 'move')
    return `move partition ${shardlets[0]} from ${source} to ${destination}`;
  const [first, second] = shardlets;
  switch (action) {
    case 'move':
      return `Move shardlet ${first} from ${hostOf(known, Number(source))} to ${hostOf(known, Number(destination))}`;
    case 'split':
    case 'roll':
      return `${action === 'split' ? 'Split' : 'Roll'} shardlet ${first}`;
    case 'split-below-key':
      return `Split shardlet ${first} below its hottest key`;
    case 'merge':
      return `Merge shardlets ${first} and ${second}`;
    case 'add-hosts':
      return 'Add a host';
    case 'remove-host':
      return `Remove ${cluster === OWN_CLUSTER ? hostOf(known, Number(source)) : `host ${source}`}`;
  }
}

function hostOf({ hostNames }: Known, id: number): string {
  return hostNames.get(id) ?? `host ${id}`;
}

function sentence(text: string): string {
  if (text === '') return 'No reason was recorded.';
  return `${text[0]!.toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
