/** A plan as the surfaces show it: its line and picture with names of hosts, its cost, and how far it is. */

import type { RecommendationRecord } from '../../advising/index.ts';
import { headlineOf, OWN_CLUSTER, type PlanRow, planStateOf, stepsNeeded } from '../../advising/index.ts';
import { type Move, type MoveLog, secondsLeft } from '../../moves/index.ts';
import { isAddedHost, type Policy } from '../../planning/index.ts';
import type { Host } from '../../topology/index.ts';
import type { OutputOf } from '../operation.ts';
import type { plans } from '../plans.ts';
import { recommendationDocument } from './recommendations.ts';

type PlanDocument = OutputOf<typeof plans.read>;
type PartDocument = PlanDocument['parts'][number];
type WritePause = PlanDocument['writePause'];

export interface PlanContext {
  readonly policy: Policy;
  readonly hosts: readonly Host[];
  readonly writePause: WritePause;
  readonly moves: Pick<MoveLog, 'find'>;
  readonly nowMs: number;
}

export async function planDocument(plan: PlanRow, context: PlanContext): Promise<PlanDocument> {
  const { id, cluster, revision, policyVersion, summary, undone, parts } = plan;
  const nameOf = namesOf(plan, context);
  const isHere = cluster === OWN_CLUSTER;
  const waiting = parts.filter(({ state }) => state === 'open');
  const moving = live(plan).filter(({ body }) => body.action === 'move');
  return {
    ...{ id, cluster: isHere ? null : cluster, state: planStateOf(plan), revision, policyVersion },
    topologyVersion: Math.max(plan.topologyVersion, ...waiting.map(({ topologyVersion }) => topologyVersion)),
    headline: planHeadline(plan, context),
    firstAt: time(plan.firstMs),
    lastAt: time(plan.lastMs),
    expiresAt: waiting.length === 0 ? null : time(Math.min(...waiting.map(({ expiresMs }) => expiresMs))),
    overloadAt: summary.overloadAt,
    focus: summary.focus && { ...summary.focus, name: nameOf(summary.focus.host) },
    picture: pictureDocument(summary.picture, nameOf),
    bytes: Math.round(sum(moving.map(({ body }) => body.cost.bytes))),
    seconds: secondsOf(moving),
    writePause: moving.length > 0 && isHere ? context.writePause : null,
    movesBack: isHere ? moving.length : 0,
    counts: countsOf(parts),
    undone: undone && {
      at: time(undone.atMs),
      by: undone.by,
      note: undone.note,
      migrations: [...undone.moves],
    },
    parts: await Promise.all(parts.map((part) => partDocument(part, plan, context))),
  };
}

export function planHeadline(plan: PlanRow, context: Pick<PlanContext, 'hosts' | 'nowMs'>): string {
  const bodies = live(plan).map(({ body }) => body);
  return headlineOf(bodies, plan.summary, { nameOf: namesOf(plan, context), timeOf, nowMs: context.nowMs });
}

/** Of which something was or may be done; a plan of which nothing is left is told by what it was. */
function live({ parts }: PlanRow): readonly RecommendationRecord[] {
  const left = parts.filter(({ state }) => !['rejected', 'expired', 'withdrawn'].includes(state));
  return left.length > 0 ? left : parts;
}

/** Hosts of others come with their names. */
function namesOf({ cluster }: PlanRow, { hosts }: Pick<PlanContext, 'hosts'>): (host: string) => string {
  const names = new Map(hosts.map(({ id, name }) => [String(id), name]));
  return (host) => {
    if (isAddedHost(host)) return `new host ${host.replace(/^\D+/, '')}`;
    return cluster === OWN_CLUSTER ? (names.get(host) ?? `host ${host}`) : host;
  };
}

function pictureDocument(
  picture: PlanRow['summary']['picture'],
  nameOf: (host: string) => string,
): PlanDocument['picture'] {
  if (picture === null) return null;
  const hosts = picture.hosts.map((one) => ({
    ...{ host: one.host, name: nameOf(one.host) },
    ...{ without: [...one.without], with: [...one.with] },
  }));
  return { at: picture.at, steps: [...picture.steps], hosts };
}

async function partDocument(
  part: RecommendationRecord,
  { parts }: PlanRow,
  { policy, moves }: PlanContext,
): Promise<PartDocument> {
  const [first] = part.moves;
  const move = first === undefined ? undefined : await moves.find(first);
  return {
    recommendation: recommendationDocument(part, policy),
    dependsOn: stepsNeeded(part.body, parts).map(({ id }) => id),
    progress: move === undefined ? null : progressOf(move),
  };
}

function progressOf(move: Move): PartDocument['progress'] {
  const { id: migration, phase, bytes, result, endedAtMs } = move;
  return {
    migration,
    phase,
    bytes,
    result,
    secondsLeft: endedAtMs === null ? (secondsLeft(move) ?? null) : null,
  };
}

function secondsOf(moving: readonly RecommendationRecord[]): PlanDocument['seconds'] {
  const etas = moving.flatMap(({ body }) => body.etaSeconds ?? []);
  if (etas.length === 0) return null;
  return { low: Math.max(...etas.map(({ low }) => low)), high: sum(etas.map(({ high }) => high)) };
}

function countsOf(parts: readonly RecommendationRecord[]): PlanDocument['counts'] {
  const count = (...states: RecommendationRecord['state'][]) =>
    parts.filter(({ state }) => states.includes(state)).length;
  return {
    parts: parts.length,
    ...{ open: count('open'), approved: count('approved'), running: count('running') },
    ...{ done: count('done'), failed: count('failed') },
    dropped: count('rejected', 'expired', 'withdrawn'),
  };
}

const MEASURED_MOVES = 20;
const LISTED_MOVES = 100;
const KEPT_MS = 60_000;

/** How long writers waited at the cutovers of the newest moves: from the seal to the opening, by their journals. */
export class WritePauses {
  private readonly moves: Pick<MoveLog, 'list' | 'journal'>;
  private readonly nowMs: () => number;
  private kept: { readonly atMs: number; readonly found: Promise<WritePause> } | undefined;

  constructor(moves: Pick<MoveLog, 'list' | 'journal'>, nowMs: () => number) {
    this.moves = moves;
    this.nowMs = nowMs;
  }

  measured(): Promise<WritePause> {
    const atMs = this.nowMs();
    if (this.kept === undefined || atMs - this.kept.atMs > KEPT_MS) {
      this.kept = { atMs, found: this.measure() };
      // the next one asks again
      this.kept.found.catch(() => {
        this.kept = undefined;
      });
    }
    return this.kept.found;
  }

  private async measure(): Promise<WritePause> {
    const ended = await this.moves.list({ ended: true, limit: LISTED_MOVES });
    const open = ended
      .filter(({ result, kind }) => result === 'moved' && kind === 'open')
      .slice(0, MEASURED_MOVES);
    const journals = await Promise.all(open.map(({ id }) => this.moves.journal(id)));
    const pauses = journals.flatMap((journal) => {
      const sealed = journal.findLast(({ what }) => what === 'sealed');
      const opened = journal.findLast(({ what }) => what === 'opened');
      return sealed === undefined || opened === undefined ? [] : Math.max(0, opened.atMs - sealed.atMs);
    });
    if (pauses.length === 0) return null;
    pauses.sort((a, b) => a - b);
    const medianMs = pauses[Math.floor(pauses.length / 2)]!;
    return { medianMs, longestMs: pauses.at(-1)!, moves: pauses.length };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** "20:00 UTC": the day is told where it is another one by the times beside it. */
function timeOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
