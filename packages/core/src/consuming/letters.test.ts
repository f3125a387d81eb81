import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DecisionKind,
  decisionEvent,
  eventInside,
  keyOf,
  LETTER_TYPE,
  LetterBook,
  letterEvent,
  letterIdOf,
  saidBy,
} from './letters.ts';

const PLACE = { shardlet: 7, seq: 120, ts: 1_763_900_000_000_000 };
const ORIGIN = { letter: letterIdOf(PLACE), stream: 'main', ...PLACE, key: 'order-1' };
const FAILURE = { reason: 'no tax rate', attempts: 3, member: 'm-1' };
const EVENT =
  '{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"order-1","data":{"n":12345678901234567890}}';
const AT = { nowMs: 1_763_900_001_000 };

/** A book and the stream it is folded from. */
class Stream {
  readonly book = new LetterBook();
  private seq = 0;

  add({ text }: { text: string }): void {
    const said = saidBy(text);
    this.seq++;
    if (said !== undefined) this.book.apply({ shardlet: 90, seq: this.seq }, this.seq, said);
  }

  fail(redrive?: number): void {
    this.add(
      letterEvent('billing', ORIGIN, FAILURE, EVENT, {
        ...AT,
        ...(redrive === undefined ? {} : { redrive }),
      }),
    );
  }

  decide(kind: DecisionKind, by = 'ada'): void {
    const event = kind === 'redrive' ? EVENT : undefined;
    this.add(decisionEvent('billing', kind, this.letter, { by, note: '', ...AT }, event));
  }

  get letter() {
    return this.book.get(ORIGIN.letter)!;
  }
}

describe('a letter', () => {
  it('is a CloudEvent under the key of its event, which it holds as it is stored', () => {
    const { id, key, text } = letterEvent('billing', ORIGIN, FAILURE, EVENT, AT);
    expect([id, key]).toEqual(['7:120:1763900000000000', 'order-1']);
    expect(JSON.parse(text)).toMatchObject({
      ...{ specversion: '1.0', id, source: '/foreshard/groups/billing', type: LETTER_TYPE },
      ...{ partitionkey: 'order-1', time: '2025-11-23T12:13:21.000Z' },
      data: { stream: 'main', ...PLACE, ...FAILURE, event: { id: '1' } },
    });
    expect(eventInside(text)).toBe(EVENT);
  });

  it('holds any event and any reason, also those that look like a part of it', () => {
    const json = fc.json({ noUnicodeString: false }).map((data) => `${EVENT.slice(0, -1)},"more":${data}}`);
    const reason = fc.oneof(fc.string(), fc.constant('","event":{}}}'), fc.constant(',"event":'));
    fc.assert(
      fc.property(json, reason, (event, why) => {
        const { text } = letterEvent('g', ORIGIN, { ...FAILURE, reason: why }, event, AT);
        expect(eventInside(text)).toBe(event);
        expect(saidBy(text)!.data).toMatchObject({ letter: ORIGIN.letter, reason: why });
      }),
    );
  });

  it('cuts a reason that is too long, not within a character', () => {
    const reason = `${'x'.repeat(999)}😀`;
    const { text } = letterEvent('g', ORIGIN, { ...FAILURE, reason }, EVENT, AT);
    const cut = (saidBy(text)!.data as { reason: string }).reason;
    expect([cut.length, cut.isWellFormed()]).toEqual([1_000, true]);
  });

  it('has the key by which events are ordered', () => {
    expect(keyOf(EVENT)).toBe('order-1');
    expect(keyOf('{"partitionkey":"p","subject":"s","source":"/x"}')).toBe('p');
    expect(keyOf('{"partitionkey":null,"source":"/x"}')).toBe('/x');
  });
});

describe('the state of a letter', () => {
  it('follows what is decided about it', () => {
    const stream = new Stream();
    stream.fail();
    expect(stream.letter).toMatchObject({ state: 'dead', failures: 1, decisions: 0, decided: undefined });
    stream.decide('discard');
    expect(stream.letter).toMatchObject({ state: 'discarded', decided: { by: 'ada', at: 2 } });
    stream.decide('restore');
    expect(stream.letter.state).toBe('dead');
    stream.decide('redrive');
    expect(stream.letter).toMatchObject({ state: 'redriven', decisions: 3, place: { seq: 4 } });
  });

  it('is dead again when a redrive fails, and stays redriven for a failure of an earlier one', () => {
    const stream = new Stream();
    stream.fail();
    stream.decide('redrive');
    stream.fail(1);
    expect(stream.letter).toMatchObject({ state: 'dead', failures: 2 });
    stream.decide('redrive');
    stream.fail(1);
    expect(stream.letter).toMatchObject({ state: 'redriven', decisions: 2, failures: 2 });
  });

  it('stays when the same event is reported once more, long after', () => {
    const stream = new Stream();
    stream.fail();
    stream.decide('discard');
    stream.fail();
    expect(stream.letter).toMatchObject({ state: 'discarded', failures: 1 });
  });

  it('is that of the first of two decisions at the same time: the second has the same id', () => {
    const stream = new Stream();
    stream.fail();
    const at = { by: 'bob', note: '', ...AT };
    const first = decisionEvent('billing', 'discard', stream.letter, at, undefined);
    const second = decisionEvent('billing', 'redrive', stream.letter, at, EVENT);
    expect(second.id).toBe(first.id);
    // a host that has forgotten the id stores it all the same
    stream.add(first);
    stream.add(second);
    expect(stream.letter.state).toBe('discarded');
  });

  it('is known from a redrive whose letter is past its retention', () => {
    const stream = new Stream();
    stream.fail();
    const { text } = decisionEvent('billing', 'redrive', stream.letter, { by: 'a', note: '', ...AT }, EVENT);
    const later = new Stream();
    later.add({ text });
    later.fail(1);
    expect(later.letter).toMatchObject({ state: 'dead', reason: 'no tax rate', failures: 2, decisions: 1 });
  });
});

describe('a book', () => {
  it('is not confused by what else stands in the stream', () => {
    const stream = new Stream();
    for (const text of [
      '{"type":"t","data":{}}',
      '{"type":"dev.foreshard.dead-letter"}',
      '{"type":"toString","data":1}',
      '{"type":"t","other":[1,"event":2]}',
    ])
      stream.add({ text });
    stream.fail();
    expect(stream.book.counts()).toEqual({ dead: 1, redriven: 0, discarded: 0 });
  });

  it('leaves out the oldest where there are too many, and counts them', () => {
    const book = new LetterBook(2);
    for (const seq of [1, 2, 3]) {
      const origin = { ...ORIGIN, letter: `7:${seq}:1`, seq };
      const said = saidBy(letterEvent('g', origin, FAILURE, EVENT, AT).text)!;
      book.apply({ shardlet: 90, seq }, seq, said);
    }
    expect([[...book.all()].map(({ seq }) => seq), book.omitted]).toEqual([[2, 3], 1]);
  });
});
