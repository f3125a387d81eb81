import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BodyFormat } from '../http/media-type.ts';
import { type Intake, PENDING, REFUSED } from './intake.ts';
import { readEvents } from './read-events.ts';
import { STREAM } from './sample-stream.fixture.ts';

function read(format: BodyFormat, body: string | Buffer, eventBytesMax = 10_000): Intake {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return readEvents(format, bytes, { stream: STREAM, tokenTs: 0, nowMicros: 1, eventBytesMax });
}

const event = (id: string, more: object = {}) => ({
  specversion: '1.0',
  id,
  source: '/s',
  type: 't',
  ...more,
});
const json = (id: string, more: object = {}) => JSON.stringify(event(id, more));

function payloads(intake: Intake): string[] {
  return intake.bounds.from.map((from, i) => intake.bytes.toString('utf8', from, intake.bounds.to[i]));
}
function notUtf8(id: string): Buffer {
  const bytes = Buffer.from(json(id));
  bytes[bytes.length - 3] = 0xff;
  return bytes;
}
const identityOf = (intake: Intake, i: number) => {
  const words = new Uint32Array(4);
  intake.identity(i, words);
  return [intake.keyHash[i], ...words];
};

describe('lines', () => {
  it('takes each line as it was sent, without blank lines and white space at the ends', () => {
    const intake = read('lines', `\n  ${json('1')} \r\n\r\n\t\n${json('2', { data: 'ü€😀' })}`);
    expect(payloads(intake)).toEqual([json('1'), json('2', { data: 'ü€😀' })]);
    expect(intake.ids).toEqual(['1', '2']);
  });

  it('names each fault by its place and takes the rest', () => {
    const intake = read(
      'lines',
      [json('1'), '{"id":', json('3', { source: '' }), '[]', json('5')].join('\n'),
    );
    expect([...intake.status]).toEqual([PENDING, REFUSED, REFUSED, REFUSED, PENDING]);
    expect([...intake.problems].map(([i, p]) => [i, p.code, p.pointer])).toEqual([
      [1, 'malformed_body', '/id'],
      [2, 'invalid_event', '/source'],
      [3, 'invalid_event', ''],
    ]);
    expect(intake.ids[2]).toBe('3');
  });

  it('refuses only the event that is not valid UTF-8', () => {
    const body = Buffer.concat([Buffer.from(`${json('ü')}\n`), notUtf8('x'), Buffer.from(`\n${json('3')}`)]);
    const intake = read('lines', body);
    expect([...intake.status]).toEqual([PENDING, REFUSED, PENDING]);
    expect(payloads(intake)[2]).toBe(json('3'));
  });

  it('refuses an event above the limit, and a body without events', () => {
    const intake = read('lines', `${json('1')}\n${json('2', { data: 'x'.repeat(100) })}`, 100);
    expect([...intake.problems].map(([i, p]) => [i, p.code])).toEqual([[1, 'event_too_large']]);
    expect(() => read('lines', ' \n ')).toThrow(/no event/);
  });

  it('passes over a byte order mark', () => {
    expect(payloads(read('lines', `\uFEFF${json('1')}`))).toEqual([json('1')]);
  });
});

describe('a batch', () => {
  it('keeps the bytes of each element, whatever they hold', () => {
    const anyEvent = fc
      .record({ id: fc.string({ minLength: 1 }), data: fc.jsonValue(), extra: fc.string() })
      .map(({ id, ...more }) => event(id, more));
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 8 }), fc.constantFrom(0, 2), (events, indent) => {
        const intake = read('batch', JSON.stringify(events, null, indent));
        expect(payloads(intake).map((p) => JSON.parse(p))).toEqual(JSON.parse(JSON.stringify(events)));
        expect(payloads(intake).every((p) => !p.includes('\n'))).toBe(true);
        if (indent === 0) expect(payloads(intake)).toEqual(events.map((e) => JSON.stringify(e)));
      }),
    );
  });

  it('keeps numbers that JavaScript cannot hold', () => {
    const body = `[${json('1').slice(0, -1)},"data":12345678901234567890123}]`;
    expect(payloads(read('batch', body))[0]).toContain('12345678901234567890123');
  });

  it('may be empty; anything but a list is refused as a whole', () => {
    expect(read('batch', ' [ ] ').count).toBe(0);
    expect(() => read('batch', json('1'))).toThrow(/array/);
    for (const rest of ['', ',', ',]', ']]', '] 1', ',,1]', '}'])
      expect(() => read('batch', `[${json('1')}${rest}`)).toThrow(/array/);
  });

  it('is refused as a whole, with the place, when an element is no JSON', () => {
    expect(() => read('batch', `[${json('1')},{"id":"2","data":{"a":tru}}]`)).toThrow(
      expect.objectContaining({ code: 'malformed_body', pointer: '/1/data/a' }),
    );
  });

  it('is refused whole when it mixes versions, each event with the reason', () => {
    const intake = read('batch', `[${json('1')},${json('2', { specversion: '0.3' })},${json('3')}]`);
    expect([...intake.status]).toEqual([REFUSED, REFUSED, REFUSED]);
    expect([...intake.problems.values()].map((p) => p.pointer)).toEqual(Array(3).fill('/specversion'));
    expect([...read('batch', `[${json('1')},${json('2', { specversion: 1 })}]`).status]).toEqual([
      PENDING,
      REFUSED,
    ]);
  });

  it('refuses only the element that is not valid UTF-8', () => {
    const broken = notUtf8('x');
    const body = Buffer.concat([Buffer.from('['), broken, Buffer.from(`,${json('2')}]`)]);
    expect([...read('batch', body).status]).toEqual([REFUSED, PENDING]);
  });
});

describe('a structured event', () => {
  it('is stored on one line', () => {
    const body = JSON.stringify(event('1', { data: 'a\nb' }), null, 2);
    const [payload] = payloads(read('structured', `\n${body}\r\n`));
    expect(payload).not.toMatch(/[\r\n]/);
    expect(JSON.parse(payload!)).toEqual(event('1', { data: 'a\nb' }));
  });

  it('is alone: what follows it is refused, and so is nothing', () => {
    for (const body of [`${json('1')}\n${json('2')}`, `${json('1')} x`, '{"a":1', '', ' \n '])
      expect(() => read('structured', body)).toThrow(expect.objectContaining({ code: 'malformed_body' }));
  });
});

describe('identity', () => {
  it('depends on key, source and id only, and is the same in every format', () => {
    const same = [
      read('lines', json('1', { subject: 'k', data: 1 })),
      read('batch', `[${json('1', { data: 2, partitionkey: 'k' })}]`),
      read('structured', json('1', { subject: 'other', partitionkey: 'k' })),
    ].map((intake) => identityOf(intake, 0));
    expect(same[1]).toEqual(same[0]);
    expect(same[2]).toEqual(same[0]);
    for (const other of [
      json('2', { subject: 'k' }),
      json('1', { subject: 'l' }),
      json('1', { subject: 'k', source: '/z' }),
    ])
      expect(identityOf(read('lines', other), 0)).not.toEqual(same[0]);
  });

  it('holds the time of a timed id', () => {
    const intake = read('lines', `${json('plain')}\n${json('01ARZ3NDEKTSV4RRFFQ69G5FAV')}`);
    expect([...intake.idTime!]).toEqual([0, 1_469_922_850_259_000]);
    expect(read('lines', json('plain')).idTime).toBeUndefined();
  });
});
