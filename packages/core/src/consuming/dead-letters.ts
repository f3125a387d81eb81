/**
 * The dead letters of consumer groups: events that a group could not process, kept in a stream of their own so that the
 * group goes on. Everything about a letter is an event of that stream (letters.ts), so every edge and every worker sees
 * the same, and nothing is lost that the log does not lose.
 */
import { ForeshardError } from '../kernel/index.ts';
import { createStream, type Stream, type TopologyStore } from '../topology/index.ts';
import { deadStreamOf, redriveGroupOf, requireRoomForLetters } from './dead-letter-names.ts';
import { isStreamDeleted } from './deleted-stream.ts';
import type { GroupStore } from './group-store.ts';
import { LetterLog, type LetterLogParts, textOf } from './letter-log.ts';
import {
  type DecisionKind,
  decisionEvent,
  eventInside,
  type Failure,
  keyOf,
  type Letter,
  LetterBook,
  type LetterState,
  letterEvent,
  letterIdOf,
  type NewEvent,
  type Origin,
  type Place,
  REDRIVE_TYPE,
  saidBy,
} from './letters.ts';
import { type Caller, isForeign, type Refused } from './membership.ts';
import { EMPTY_GROUP, type Group } from './model.ts';

export interface DeadLetterParts extends LetterLogParts {
  readonly groups: Pick<GroupStore, 'create' | 'find' | 'list'>;
  readonly topology: Pick<TopologyStore, 'decide'>;
  /** so that a worker opens a new stream at once */
  wake(): Promise<void>;
  /** in the change log, where a stream is made for letters that nobody asked for: those of a group that is delivered to */
  readonly actor: string;
}

/** Who had a stream made for letters, as the change log and the audit log know it. */
export interface Asking {
  readonly actor: string;
  readonly auditRow?: string | undefined;
}

/** An event that a group could not process, with its place in the group's stream. */
export interface HeldEvent extends Place {
  readonly ts: number;
  readonly text: string;
}

/** What a member gives up. */
export interface Report extends Place {
  readonly assignment: number;
  readonly reason: string;
  readonly attempts: number;
}

export interface GivenUp {
  readonly kind: 'dead';
  readonly letter: string;
  /** it was reported before */
  readonly repeated: boolean;
}

export type ReportReply =
  | GivenUp
  /** another member has the shardlet, or the same one in another assignment: nothing was changed */
  | { readonly kind: 'fenced'; readonly assignment: number };

export interface Letters {
  readonly letters: readonly Letter[];
  readonly counts: Readonly<Record<LetterState, number>>;
  /** older ones that are not listed any more */
  readonly omitted: number;
}

export interface DecisionReply {
  readonly changed: number;
  /** in another state meanwhile, or decided by somebody else at the same time */
  readonly unchanged: number;
  /** letters that one call does not reach */
  readonly left: number;
}

/** What may be decided about a letter in which state. */
const FROM: Readonly<Record<DecisionKind, readonly LetterState[]>> = {
  // one that was discarded only where it is named
  redrive: ['dead', 'discarded'],
  discard: ['dead'],
  restore: ['discarded'],
};

/** More take longer than a caller waits. */
export const LETTERS_PER_CALL_MAX = 2_000;
/** Letters hold events of up to a megabyte, which are all in memory at once. */
const CHUNK_LETTERS = 50;
const BOOKS_KEPT_MAX = 100;

interface Kept {
  readonly book: LetterBook;
  /** by shardlet: where to read on */
  readonly next: Map<number, number>;
  /** losses of hosts when it was begun: with another one it is read anew */
  readonly losses: string;
  reading: Promise<void>;
}

export class DeadLetters {
  private readonly parts: DeadLetterParts;
  private readonly log: LetterLog;
  /** by stream */
  private readonly kept = new Map<number, Kept>();

  constructor(parts: DeadLetterParts) {
    this.parts = parts;
    this.log = new LetterLog(parts);
  }

  /** Undefined: there was no letter yet. */
  streamOf(group: string): Stream | undefined {
    return this.parts.map.streamNamed(deadStreamOf(group));
  }

  /** @throws ForeshardError invalid_parameter, in_the_way, unexamined */
  async prepare(group: string, { actor, auditRow }: Asking): Promise<void> {
    requireRoomForLetters(group);
    if (this.streamOf(group) !== undefined) return;
    const stream = createStream({ name: deadStreamOf(group), shardCount: 1 });
    const reply = await this.parts.topology.decide(stream, actor, auditRow);
    if (reply.kind === 'refused' && reply.refusal.reason !== 'exists')
      throw new ForeshardError(
        reply.refusal.reason === 'unexamined' ? 'unexamined' : 'in_the_way',
        `No stream for dead letters can be created: ${reply.refusal.detail}.`,
      );
    // a lost wake-up costs two seconds
    await this.parts.wake().catch(() => {});
    await this.parts.refresh();
  }

  /** @throws ForeshardError past_retention, invalid_parameter; HostUnreachable */
  async report(name: string, caller: Caller, report: Report): Promise<ReportReply | Refused> {
    const known = await this.parts.groups.find(name);
    if (known === undefined) return { refused: 'unknown' };
    const { group, state } = known;
    if (await isStreamDeleted(this.parts, group)) return { refused: 'deleted' };
    if (isForeign(state.members, caller)) return { refused: 'foreign' };
    const checkpoint = state.checkpoints.get(report.shardlet);
    if (checkpoint === undefined) await this.requireShardlet(group, report.shardlet);
    if (checkpoint?.assignment !== report.assignment || checkpoint.member !== caller.member)
      return { kind: 'fenced', assignment: checkpoint?.assignment ?? 0 };
    const record = await this.log.one(report.shardlet, report.seq, checkpoint.epoch);
    if (record?.seq !== report.seq)
      throw new ForeshardError(
        'invalid_parameter',
        `Shardlet ${report.shardlet} has no event ${report.seq}.`,
        { pointer: '/seq' },
      );
    const { reason, attempts, shardlet, seq } = report;
    const event = { shardlet, seq, ts: record.ts, text: textOf(record) };
    const asking = { actor: caller.subject ?? this.parts.actor };
    return this.giveUp(group, event, { reason, attempts, member: caller.member }, asking);
  }

  /** Appends the letter of an event that its group has in hand. @throws HostUnreachable, ForeshardError */
  async giveUp(
    group: Group,
    event: HeldEvent,
    failure: Failure,
    asking: Asking = this.parts,
  ): Promise<GivenUp> {
    const parent = group.redriveOf ?? group.name;
    await this.prepare(parent, asking);
    const { letter, made } =
      group.redriveOf === undefined
        ? this.firstLetter(group, event, failure)
        : this.again(parent, event, failure);
    const [wasStored] = await this.log.append(deadStreamOf(parent), [made]);
    return { kind: 'dead', letter, repeated: wasStored === true };
  }

  /** @throws HostUnreachable, ForeshardError overloaded */
  async list(group: string): Promise<Letters> {
    const book = await this.bookOf(group);
    return { letters: [...book.all()], counts: book.counts(), omitted: book.omitted };
  }

  /** With the event, as it is stored. @throws ForeshardError not_found, past_retention; HostUnreachable */
  async show(group: string, id: string): Promise<{ readonly letter: Letter; readonly event: string }> {
    const letter = letterIn(await this.bookOf(group), group, id);
    return { letter, event: await this.eventOf(letter) };
  }

  /**
   * Of `ids`, or of all letters it may be decided for; at most LETTERS_PER_CALL_MAX, the oldest first. The group that
   * reads what is re-driven is made before the first event for it.
   * @throws ForeshardError not_found, conflict, limit_reached; HostUnreachable
   */
  async decide(
    group: Group,
    kind: DecisionKind,
    ids: readonly string[] | 'all',
    { by, note, dryRun }: { readonly by: string; readonly note: string; readonly dryRun: boolean },
  ): Promise<DecisionReply> {
    const chosen = await this.chosen(group.name, ids);
    const from = ids === 'all' && kind === 'redrive' ? ['dead'] : FROM[kind];
    const open = chosen.filter(({ state }) => from.includes(state));
    const now = open.slice(0, LETTERS_PER_CALL_MAX);
    const reply = {
      unchanged: ids === 'all' ? 0 : chosen.length - open.length,
      left: open.length - now.length,
    };
    if (dryRun || now.length === 0) return { ...reply, changed: now.length };
    if (kind === 'redrive') await this.prepareRedrive(group);
    let changed = 0;
    for (let at = 0; at < now.length; at += CHUNK_LETTERS) {
      const chunk = now.slice(at, at + CHUNK_LETTERS);
      const events = await Promise.all(
        chunk.map(async (letter) => {
          const event = kind === 'redrive' ? await this.eventOf(letter) : undefined;
          return decisionEvent(group.name, kind, letter, { by, note, nowMs: this.parts.nowMs() }, event);
        }),
      );
      const wereStored = await this.log.append(deadStreamOf(group.name), events);
      changed += wereStored.filter((wasStored) => !wasStored).length;
    }
    return { changed, left: reply.left, unchanged: reply.unchanged + now.length - changed };
  }

  private async chosen(group: string, ids: readonly string[] | 'all'): Promise<Letter[]> {
    if (ids === 'all') return [...(await this.list(group)).letters];
    const book = await this.bookOf(group);
    return [...new Set(ids)].map((id) => letterIn(book, group, id));
  }

  /** @throws ForeshardError invalid_parameter: no member can ever have it */
  private async requireShardlet({ name, stream }: Group, id: number): Promise<void> {
    const { map, refresh } = this.parts;
    // the map may be older than the shardlet
    if (map.shardlet(id) === undefined) await refresh();
    const shardlet = map.shardlet(id);
    if (shardlet?.stream === stream) return;
    throw new ForeshardError(
      'invalid_parameter',
      shardlet === undefined
        ? `There is no shardlet ${id}. Report the shardlet of the batch that the event came with.`
        : `Shardlet ${id} belongs to another stream than the group "${name}". Report the shardlet of the batch that the event came with.`,
      { pointer: '/shardlet' },
    );
  }

  private async bookOf(group: string): Promise<LetterBook> {
    const stream = this.streamOf(group);
    return stream === undefined ? new LetterBook() : (await this.caughtUp(stream)).book;
  }

  private async eventOf({ letter, place }: Letter): Promise<string> {
    const record = await this.log.one(place.shardlet, place.seq);
    const event = record?.seq === place.seq ? eventInside(textOf(record)) : undefined;
    if (event !== undefined) return event;
    throw new ForeshardError('not_found', `The dead letter ${letter} is not where it was: its host lost it.`);
  }

  /** It begins at the oldest event: what is in the stream already is skipped once. */
  private async prepareRedrive({ name, sessionMs, owner }: Group): Promise<void> {
    const stream = this.streamOf(name)!.id;
    const redrive: Group = {
      ...{ name: redriveGroupOf(name), stream, sessionMs, redriveOf: name },
      ...(owner === undefined ? {} : { owner }),
    };
    const creation = await this.parts.groups.create(redrive, EMPTY_GROUP);
    if (creation === 'created') return;
    const known = (await this.parts.groups.list()).find((one) => one.name === redrive.name);
    if (known?.redriveOf === name) return;
    throw new ForeshardError(
      'conflict',
      `Nothing can be re-driven: there is another group "${redrive.name}". Remove it, or wait until it is not needed.`,
    );
  }

  private firstLetter(
    { name, stream }: Group,
    { shardlet, seq, ts, text }: HeldEvent,
    failure: Failure,
  ): Made {
    const place = { shardlet, seq, ts };
    const letter = letterIdOf(place);
    const streamName = this.parts.map.stream(stream)?.name ?? '';
    const origin = { letter, stream: streamName, ...place, key: keyOf(text) };
    return { letter, made: letterEvent(name, origin, failure, text, { nowMs: this.parts.nowMs() }) };
  }

  private again(parent: string, { shardlet, seq, text }: HeldEvent, failure: Failure): Made {
    const said = saidBy(text);
    const event = eventInside(text);
    if (said?.type !== REDRIVE_TYPE || event === undefined)
      throw new ForeshardError(
        'invalid_parameter',
        `The event ${seq} of shardlet ${shardlet} was not re-driven: commit it, there is nothing to process in it.`,
        { pointer: '/seq' },
      );
    const { decision: redrive, ...rest } = said.data;
    const more = { nowMs: this.parts.nowMs(), redrive };
    return { letter: rest.letter, made: letterEvent(parent, originIn(rest), failure, event, more) };
  }

  /** What was appended since, by whichever process, is read first. */
  private async caughtUp(stream: Stream): Promise<Kept> {
    const shardlets = [...this.parts.map.shardlets(stream.id)].sort((a, b) => a.id - b.id);
    const losses = shardlets.flatMap(({ id, lost }) => lost.map(({ epoch }) => `${id}@${epoch}`)).join();
    let kept = this.kept.get(stream.id);
    if (kept === undefined || kept.losses !== losses) {
      kept = { book: new LetterBook(), next: new Map(), losses, reading: Promise.resolve() };
      this.keep(stream.id, kept);
    }
    const { reading } = kept;
    const mine = reading.catch(() => {}).then(() => this.readOn(kept, shardlets));
    kept.reading = mine;
    await mine;
    return kept;
  }

  private keep(stream: number, kept: Kept): void {
    this.kept.set(stream, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > BOOKS_KEPT_MAX) this.kept.delete(oldest!);
  }

  /** Parents before children, each to its end: what is said about one key is read in its order. */
  private async readOn({ book, next }: Kept, shardlets: readonly { readonly id: number }[]): Promise<void> {
    for (const { id } of shardlets)
      for await (const record of this.log.read(id, next.get(id) ?? 1)) {
        const said = saidBy(textOf(record));
        if (said !== undefined) book.apply({ shardlet: id, seq: record.seq }, record.ts, said);
        next.set(id, record.seq + 1);
      }
  }
}

/** @throws ForeshardError not_found */
function letterIn(book: LetterBook, group: string, id: string): Letter {
  const letter = book.get(id);
  if (letter !== undefined) return letter;
  throw new ForeshardError('not_found', `The group "${group}" has no dead letter ${id}.`);
}

interface Made {
  readonly letter: string;
  readonly made: NewEvent;
}

function originIn({ letter, stream, shardlet, seq, ts, key }: Origin): Origin {
  return { letter, stream, shardlet, seq, ts, key };
}
