/**
 * foreshard consume: a member of a group that prints events, one JSON document a line, and commits when they
 * are out. Killed in between, it prints them again the next time: at least once.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { edgeAccess } from '../credentials.ts';
import { interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';
import { GroupClient, type GroupPoll } from './group-client.ts';

export interface ConsumeOptions {
  readonly group: string;
  readonly stream: string;
  readonly from: string;
  readonly member?: string;
  readonly limit?: number;
}

const WAIT_MS = 3_000;
const BATCH_EVENTS_MAX = 500;

export async function consume(options: ConsumeOptions): Promise<void> {
  const client = new GroupClient(edgeAccess(), note);
  const member = options.member ?? `${hostname().replace(/[^\w.-]/g, '-')}-${randomUUID().slice(0, 8)}`;
  await client.create(options.group, options.stream, options.from);
  await interruptible(async (signal) => {
    await run(client, options, { member, note, signal }).catch((error) => {
      if (!signal.aborted) throw error;
    });
    await client.leave(options.group, member);
  });
}

interface Parts {
  readonly member: string;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

async function run(client: GroupClient, options: ConsumeOptions, parts: Parts): Promise<void> {
  const { group, limit = Number.POSITIVE_INFINITY } = options;
  const { member, note, signal } = parts;
  let shown = '';
  for (let printed = 0; printed < limit && !signal.aborted; ) {
    const wanted = Math.min(BATCH_EVENTS_MAX, limit - printed);
    const poll = await client.poll(group, { member, limit: wanted, wait: WAIT_MS }, signal);
    const has = assignmentOf(poll);
    if (has !== shown) note(`${member} has ${has}`);
    shown = has;
    for (const { skipped, shardlet } of poll.batches)
      if (skipped > 0) note(`${skipped} events of shardlet ${shardlet} are past their retention`);
    const events = poll.batches.flatMap((b) => b.events);
    if (events.length === 0 && poll.batches.length === 0) continue;
    if (!(await print(events.map((event) => `${JSON.stringify(event)}\n`).join('')))) return;
    printed += events.length;
    const positions = poll.batches.map(({ shardlet, assignment, epoch, through: seq }) => ({
      ...{ shardlet, assignment, epoch, seq },
    }));
    if (!(await client.commit(group, { member, positions })))
      note('another member has some of these shardlets now: it gets these events again');
  }
}

function assignmentOf({ assigned }: GroupPoll): string {
  const leaving = assigned.filter((a) => a.revoking).length;
  const given = `${assigned.length} ${assigned.length === 1 ? 'shardlet' : 'shardlets'}`;
  return leaving === 0 ? given : `${given}, of which ${leaving} go to another member`;
}
