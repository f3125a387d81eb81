/**
 * foreshard consume: a member of a group that prints events, one JSON document a line, and commits when they
 * are out. Killed in between, it prints them again the next time: at least once.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Assigned, ConsumedBatch, Notice } from '@foreshard/client/source';
import { edgeAccess } from '../credentials.ts';
import { asFailure, openEdge, reasonOf } from '../events/edge.ts';
import { interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';

export interface ConsumeOptions {
  readonly group: string;
  readonly stream: string;
  readonly from: 'oldest' | 'now';
  readonly order?: 'key' | 'log';
  readonly member?: string;
  readonly limit?: number;
}

/** a poll, a commit, and the end of both */
const CONNECTIONS = 3;

export async function consume({ group, stream, from, order, ...options }: ConsumeOptions): Promise<void> {
  const edge = openEdge(edgeAccess(), CONNECTIONS);
  const member = options.member ?? `${hostname().replace(/[^\w.-]/g, '-')}-${randomUUID().slice(0, 8)}`;
  const consumer = edge.consumer({
    group,
    stream,
    from,
    order,
    member,
    onNotice: (notice) => report(member, notice),
  });
  try {
    await interruptible((signal) =>
      consumer.eachBatch(printed, {
        signal,
        ...(options.limit === undefined ? {} : { eventsMax: options.limit }),
      }),
    );
  } catch (error) {
    if (error !== NOBODY_READS) throw asFailure(error);
  } finally {
    await edge.close();
  }
}

/** What is not printed is not committed. */
const NOBODY_READS = new Error('nobody reads what is printed');

async function printed({ events }: ConsumedBatch): Promise<void> {
  if (!(await print(events.map((event) => `${JSON.stringify(event)}\n`).join('')))) throw NOBODY_READS;
}

function report(member: string, notice: Notice): void {
  if (notice.kind === 'assigned') note(`${member} has ${assignmentOf(notice.assigned)}`);
  if (notice.kind === 'skipped')
    note(`${notice.events} events of shardlet ${notice.shardlet} are past their retention`);
  if (notice.kind === 'lost')
    note('another member has some of these shardlets now: it gets these events again');
  if (notice.kind === 'waiting') note(`waiting: ${reasonOf(notice.error)}`);
}

function assignmentOf(assigned: readonly Assigned[]): string {
  const leaving = assigned.filter((a) => a.revoking).length;
  const given = `${assigned.length} ${assigned.length === 1 ? 'shardlet' : 'shardlets'}`;
  return leaving === 0 ? given : `${given}, of which ${leaving} go to another member`;
}
