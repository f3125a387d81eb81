/**
 * Dead letters as events, and their state folded from the log. A letter is an event that a group could not process; what
 * people decide about it is appended behind it, in the same stream and under the same key:
 *
 *   dead-letter -> dead -- redrive    -> redriven -- dead-letter (failed again) -> dead
 *                       -- discarded  -> discarded -- restored -> dead
 *                                                  -- redrive  -> redriven
 *
 * The n-th decision about a letter has the same event id whatever it is, so of two people who decide at the same time
 * the first wins and the second is a duplicate. The id of a letter is `<shardlet>:<seq>:<ts>`: on a host that lost its
 * last writes a seq may be given to another event, and only the timestamp tells the two apart.
 *
 * The event itself is copied as the text it is stored in, so numbers above 2^53 stay exact.
 */
import { z } from 'zod';

export const LETTER_TYPE = 'dev.foreshard.dead-letter';
export const REDRIVE_TYPE = 'dev.foreshard.redrive';
export const DISCARD_TYPE = 'dev.foreshard.discarded';
export const RESTORE_TYPE = 'dev.foreshard.restored';

export const LETTER_STATES = ['dead', 'redriven', 'discarded'] as const;
export type LetterState = (typeof LETTER_STATES)[number];

export const letterIdSchema = z
  .string()
  .regex(
    /^\d{1,16}:\d{1,16}:\d{1,16}$/,
    'a letter is named SHARDLET:SEQ:TS, as the list of letters names it',
  );

/** Longer texts of handlers are cut: they are for people. */
export const REASON_CHARS_MAX = 1_000;

/** A client that tries more often counts no further. */
export const ATTEMPTS_REPORTED_MAX = 1_000_000;

const count = z.int().min(0);
const originSchema = z.object({
  letter: letterIdSchema,
  /** of the event, and its stream */
  stream: z.string(),
  shardlet: count,
  seq: count,
  ts: count,
  key: z.string(),
});
const failureSchema = z.object({
  reason: z.string(),
  attempts: count,
  /** who gave up */
  member: z.string(),
});
const letterSchema = originSchema.extend(failureSchema.shape).extend({
  /** it failed again after this decision; left out: it failed for the first time */
  redrive: count.exactOptional(),
});
const decisionSchema = z.object({
  letter: letterIdSchema,
  /** the n-th about this letter, from 1 */
  decision: z.int().min(1),
  by: z.string(),
  note: z.string(),
});
const redriveSchema = originSchema.extend(failureSchema.shape).extend(decisionSchema.shape);

export type Origin = z.infer<typeof originSchema>;
export type Failure = z.infer<typeof failureSchema>;
export type Decision = z.infer<typeof decisionSchema>;
export type DecisionKind = 'redrive' | 'discard' | 'restore';

/** An event as it is appended: `text` is the whole of it. */
export interface NewEvent {
  readonly key: string;
  readonly source: string;
  readonly id: string;
  readonly text: string;
}

/** Where the log holds it. */
export interface Place {
  readonly shardlet: number;
  readonly seq: number;
}

export interface Letter extends Origin, Failure {
  readonly state: LetterState;
  /** how often it was given up: once, and again after each redrive that failed */
  readonly failures: number;
  /** when it was given up last, in microseconds */
  readonly failedAt: number;
  readonly decisions: number;
  readonly decided: { readonly by: string; readonly note: string; readonly at: number } | undefined;
  /** of the newest record that holds the whole event */
  readonly place: Place;
}

export function letterIdOf({ shardlet, seq, ts }: Pick<Origin, 'shardlet' | 'seq' | 'ts'>): string {
  return `${shardlet}:${seq}:${ts}`;
}

export function letterEvent(
  group: string,
  origin: Origin,
  failure: Failure,
  event: string,
  more: { readonly nowMs: number; readonly redrive?: number },
): NewEvent {
  const { redrive } = more;
  const id = redrive === undefined ? origin.letter : `${origin.letter}:again-${redrive}`;
  const reason = failure.reason.slice(0, REASON_CHARS_MAX).toWellFormed();
  const data = { ...origin, ...failure, reason, ...(redrive === undefined ? {} : { redrive }) };
  return eventOf(group, { type: LETTER_TYPE, id, key: origin.key, nowMs: more.nowMs }, data, event);
}

export function decisionEvent(
  group: string,
  kind: DecisionKind,
  letter: Letter,
  { by, note, nowMs }: { readonly by: string; readonly note: string; readonly nowMs: number },
  event: string | undefined,
): NewEvent {
  const decision = letter.decisions + 1;
  const type = { redrive: REDRIVE_TYPE, discard: DISCARD_TYPE, restore: RESTORE_TYPE }[kind];
  const head = { type, id: `${letter.letter}:decision-${decision}`, key: letter.key, nowMs };
  const decided = { letter: letter.letter, decision, by, note };
  if (event === undefined) return eventOf(group, head, decided, undefined);
  const { stream, shardlet, seq, ts, key, reason, attempts, member } = letter;
  const all = { ...decided, stream, shardlet, seq, ts, key, reason, attempts, member };
  return eventOf(group, head, all, event);
}

const EVENT_MEMBER = ',"event":';

/** `data` is the last member of the event and `event` the last of the data, so that it is found without parsing. */
function eventOf(
  group: string,
  { type, id, key, nowMs }: { type: string; id: string; key: string; nowMs: number },
  data: object,
  event: string | undefined,
): NewEvent {
  const source = `/foreshard/groups/${group}`;
  const head = JSON.stringify({
    ...{ specversion: '1.0', id, source, type, partitionkey: key },
    ...{ time: new Date(nowMs).toISOString(), datacontenttype: 'application/json' },
  });
  const inner = JSON.stringify(data).slice(0, -1);
  const whole = event === undefined ? `${inner}}` : `${inner}${EVENT_MEMBER}${event}}`;
  return { key, source, id, text: `${head.slice(0, -1)},"data":${whole}}` };
}

/**
 * The text of the event inside a letter or a redrive. Quotes within a string are escaped, so the mark stands nowhere
 * before its place.
 */
export function eventInside(text: string): string | undefined {
  const at = text.indexOf(EVENT_MEMBER);
  return at === -1 ? undefined : text.slice(at + EVENT_MEMBER.length, -2);
}

/** The key of an event: `partitionkey`, else `subject`, else `source`. */
export function keyOf(text: string): string {
  const { partitionkey, subject, source } = JSON.parse(text) as Record<string, unknown>;
  return String(partitionkey ?? subject ?? source);
}

/** What a record of the stream says about letters; undefined: nothing. */
export type Said =
  | { readonly type: typeof LETTER_TYPE; readonly data: z.infer<typeof letterSchema> }
  | { readonly type: typeof REDRIVE_TYPE; readonly data: z.infer<typeof redriveSchema> }
  | { readonly type: typeof DISCARD_TYPE | typeof RESTORE_TYPE; readonly data: Decision };

const SCHEMAS: ReadonlyMap<unknown, z.ZodType> = new Map<string, z.ZodType>([
  [LETTER_TYPE, letterSchema],
  [REDRIVE_TYPE, redriveSchema],
  [DISCARD_TYPE, decisionSchema],
  [RESTORE_TYPE, decisionSchema],
]);

export function saidBy(text: string): Said | undefined {
  const at = text.indexOf(EVENT_MEMBER);
  // the event may be large, and says nothing here
  const head = at === -1 ? text : `${text.slice(0, at)}}}`;
  const { type, data } = parsed(head);
  const valid = SCHEMAS.get(type)?.safeParse(data);
  return valid?.success === true ? ({ type, data: valid.data } as Said) : undefined;
}

/** The event of a redrive; undefined for everything else in the stream. */
export function redrivenIn(text: string): string | undefined {
  return saidBy(text)?.type === REDRIVE_TYPE ? eventInside(text) : undefined;
}

/** An edge of an earlier release lets anybody append. */
function parsed(text: string): { readonly type?: unknown; readonly data?: unknown } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}

/** More are not listed: the oldest ones are left out, and the list says how many. */
export const LETTERS_KEPT_MAX = 100_000;

/** The letters of a group, in the order of the log. REQUIRES records of one key in their order. */
export class LetterBook {
  private readonly letters = new Map<string, Letter>();
  private readonly keptMax: number;
  /** so many older ones were left out */
  omitted = 0;

  constructor(keptMax = LETTERS_KEPT_MAX) {
    this.keptMax = keptMax;
  }

  apply(place: Place, ts: number, said: Said): void {
    const before = this.letters.get(said.data.letter);
    const after = applied(before, place, ts, said);
    if (after === undefined) return;
    this.letters.set(after.letter, after);
    if (this.letters.size <= this.keptMax) return;
    const [oldest] = this.letters.keys();
    this.letters.delete(oldest!);
    this.omitted++;
  }

  get(letter: string): Letter | undefined {
    return this.letters.get(letter);
  }

  /** The oldest first. */
  all(): Iterable<Letter> {
    return this.letters.values();
  }

  counts(): Readonly<Record<LetterState, number>> {
    const counts = { dead: 0, redriven: 0, discarded: 0 };
    for (const { state } of this.letters.values()) counts[state]++;
    return counts;
  }
}

/** Undefined: nothing changes. */
function applied(before: Letter | undefined, place: Place, ts: number, said: Said): Letter | undefined {
  if (said.type === LETTER_TYPE) return given(before, place, ts, said.data);
  const { decision, by, note } = said.data;
  if (before !== undefined && decision <= before.decisions) return undefined;
  const decided = { by, note, at: ts };
  if (said.type === REDRIVE_TYPE) {
    // its letter may be past its retention: all that it said is here
    const { letter, stream, shardlet, seq, ts: eventTs, key, reason, attempts, member } = said.data;
    const origin = { letter, stream, shardlet, seq, ts: eventTs, key, reason, attempts, member };
    const known = before ?? { failures: 1, failedAt: ts };
    return { ...origin, ...known, state: 'redriven', decisions: decision, decided, place };
  }
  if (before === undefined) return undefined;
  return {
    ...before,
    state: said.type === DISCARD_TYPE ? 'discarded' : 'dead',
    decisions: decision,
    decided,
  };
}

function given(
  before: Letter | undefined,
  place: Place,
  ts: number,
  { redrive, ...data }: z.infer<typeof letterSchema>,
): Letter | undefined {
  if (before === undefined)
    return {
      ...data,
      state: 'dead',
      failures: 1,
      failedAt: ts,
      decisions: redrive ?? 0,
      decided: undefined,
      place,
    };
  // the same letter again, long after: what was decided about it stays
  if (redrive === undefined || redrive < before.decisions || before.state !== 'redriven') return undefined;
  const { reason, attempts, member } = data;
  return {
    ...before,
    reason,
    attempts,
    member,
    state: 'dead',
    failures: before.failures + 1,
    failedAt: ts,
    place,
  };
}
