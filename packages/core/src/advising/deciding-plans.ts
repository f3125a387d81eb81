/**
 * What people do with a plan as one: approve it or parts of it, move it to another time, withdraw it, undo it. All of
 * it falls back to decisions on its parts, so that a plan never allows what a part would refuse.
 */
import { type Operator, orderMove, requestMoveBack } from '../moves/index.ts';
import { type Adviser, type ApprovalReply, type ApprovalRequest, approve, reject } from './approving.ts';
import type { PlanBook, PlanRow } from './plan-book.ts';
import { OWN_CLUSTER, type RecommendationRecord } from './recommendation-log.ts';

export interface PlanAdviser extends Adviser {
  readonly plans: PlanBook;
  readonly operator: Operator;
}

export interface PlanApproval {
  /** as they were seen */
  readonly revision: number;
  readonly topologyVersion: number;
  /** numbers of recommendations; left out: every part that waits */
  readonly parts?: readonly number[] | undefined;
  readonly note: string;
  readonly when: ApprovalRequest['when'];
}

export interface PartReply {
  readonly id: number;
  readonly reply: ApprovalReply;
}

export type PlanApprovalReply =
  | { readonly kind: 'decided'; readonly parts: readonly PartReply[] }
  /** a part came, went or changed since it was seen */
  | { readonly kind: 'stale' }
  | { readonly kind: 'nothing-waits' }
  | { readonly kind: 'not-a-part'; readonly id: number };

export async function approvePlan(
  adviser: PlanAdviser,
  plan: PlanRow,
  { revision, topologyVersion, parts: wanted, note, when }: PlanApproval,
): Promise<PlanApprovalReply> {
  if (plan.revision !== revision) {
    await adviser.wake().catch(() => {});
    return { kind: 'stale' };
  }
  const stranger = wanted?.find((id) => !plan.parts.some((part) => part.id === id));
  if (stranger !== undefined) return { kind: 'not-a-part', id: stranger };
  const chosen = plan.parts.filter(({ id, state }) => wanted?.includes(id) ?? state === 'open');
  if (chosen.length === 0) return { kind: 'nothing-waits' };
  const requests = chosen.map((part) => ({
    id: part.id,
    revision: part.revision,
    topologyVersion,
    note,
    when,
  }));
  const replies = await approve(adviser, requests);
  return { kind: 'decided', parts: chosen.map(({ id }, i) => ({ id, reply: replies[i]! })) };
}

export const PART_RESULTS = [
  'taken-back',
  'aborting',
  'moving-back',
  /** there is no way back, or it is another's */
  'stays',
  'refused',
] as const;

export interface UndoneRow {
  readonly id: number;
  readonly result: (typeof PART_RESULTS)[number];
  readonly detail: string;
  /** the move that leads back, or that is aborted */
  readonly migration: number | null;
}

/** Takes back what has not begun; what runs goes on. */
export async function withdrawPlan(adviser: Adviser, { parts }: PlanRow, note: string): Promise<UndoneRow[]> {
  const rows: UndoneRow[] = [];
  for (const part of parts) {
    if (part.state === 'running')
      rows.push({
        id: part.id,
        result: 'stays',
        detail: 'It runs: undo the plan to stop it',
        migration: null,
      });
    else if (part.state === 'open' || part.state === 'approved')
      rows.push(await takeBack(adviser, part, note));
  }
  return rows;
}

/** Last step first: what made room for another comes back after it. `undefined`: it was undone before. */
export async function undoPlan(
  adviser: PlanAdviser,
  plan: PlanRow,
  by: string,
  note: string,
): Promise<UndoneRow[] | undefined> {
  const { plans, nowMs } = adviser;
  if (!(await plans.undo(plan.id, { atMs: nowMs(), by, note, moves: [] }))) return undefined;
  const rows: UndoneRow[] = [];
  for (const part of plan.parts.toReversed()) rows.push(...(await undoPart(adviser, plan, part, note)));
  await plans.noteUndoMoves(
    plan.id,
    rows.flatMap(({ result, migration }) =>
      result === 'moving-back' && migration !== null ? migration : [],
    ),
  );
  await adviser.wake().catch(() => {});
  return rows.toReversed();
}

async function undoPart(
  adviser: PlanAdviser,
  plan: PlanRow,
  part: RecommendationRecord,
  note: string,
): Promise<UndoneRow[]> {
  const { id, state, body, moves } = part;
  if (state === 'open' || state === 'approved') return [await takeBack(adviser, part, note)];
  if (state !== 'running' && state !== 'done') return [];
  if (plan.cluster !== OWN_CLUSTER)
    return [
      { id, result: 'stays', detail: `Whoever runs ${plan.cluster} has to move it back`, migration: null },
    ];
  if (body.action !== 'move')
    return [{ id, result: 'stays', detail: STAYS[body.action] ?? 'It moved no data', migration: null }];
  const rows: UndoneRow[] = [];
  for (const move of moves) rows.push(await undoMove(adviser, id, move, undoReason(plan, note)));
  return rows;
}

const STAYS: Partial<Record<RecommendationRecord['body']['action'], string>> = {
  split: 'A split stays: it moved no data',
  'split-below-key': 'A split stays: it moved no data',
  roll: 'The fresh shardlet stays: it moved no data',
  merge: 'A merge stays: it moved no data',
  'add-hosts': 'The hosts stay: drain them to give them back',
  'remove-host': 'The host stays removed: add it again',
};

function undoReason({ id }: PlanRow, note: string): string {
  return note === '' ? `undo of plan ${id}` : `undo of plan ${id}: ${note}`;
}

/** Before its cutover a move is aborted, after it moved back. */
async function undoMove(
  { operator }: PlanAdviser,
  id: number,
  migration: number,
  reason: string,
): Promise<UndoneRow> {
  const move = await operator.moves.find(migration);
  if (move !== undefined && move.result === null) {
    const ordered = await orderMove(operator, migration, 'abort', reason);
    if (ordered.kind === 'ordered')
      return { id, result: 'aborting', detail: 'Stopped before its cutover', migration };
  }
  const back = await requestMoveBack(operator, migration, reason);
  switch (back.kind) {
    case 'move':
      return { id, result: 'moving-back', detail: `Migration ${back.move}`, migration: back.move };
    case 'refused':
      return { id, result: 'refused', detail: back.refusal.detail, migration: null };
    case 'notMoved':
      return { id, result: 'taken-back', detail: 'It was aborted before', migration };
    case 'unknown':
      return { id, result: 'refused', detail: `There is no migration ${migration}`, migration: null };
  }
}

async function takeBack(adviser: Adviser, { id }: RecommendationRecord, note: string): Promise<UndoneRow> {
  const reply = await reject(adviser, id, note);
  if (reply.kind === 'rejected')
    return { id, result: 'taken-back', detail: 'It does not begin', migration: null };
  const state = reply.kind === 'ended' ? reply.record.state : 'unknown';
  return { id, result: 'refused', detail: `It is ${state} by now`, migration: null };
}
