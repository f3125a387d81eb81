import { cloudEventSchema } from '@foreshard/core/cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventScanner } from './event-scanner.ts';
import { NESTING_MAX } from './json-scanner.ts';

function scanBytes(bytes: Buffer): EventScanner {
  const scanner = new EventScanner(bytes, bytes.toString('latin1'));
  scanner.scan(0, bytes.length);
  return scanner;
}
const scan = (text: string) => scanBytes(Buffer.from(text));
const faultOf = (event: unknown) => scan(JSON.stringify(event)).fault;
const withText = (member: string) =>
  scan(`{"specversion":"1.0","id":"1","source":"/s","type":"t",${member}}`).fault;

const event = { specversion: '1.0', id: '1', source: '/s', type: 't' };

describe('an event', () => {
  it('may hold every attribute, extensions of every type, and any data', () => {
    const more = {
      subject: 'ü',
      partitionkey: 'k',
      time: '2016-12-31T23:59:60.5+00:00',
      datacontenttype: 'text/plain; charset="utf-8"',
      dataschema: 'https://example.com/schema.json#/order',
      ext: '',
      count: -2147483648,
      flag: true,
      unset: null,
      data: { data: [null, { id: {} }] },
    };
    expect(faultOf({ ...event, ...more })).toBeUndefined();
    expect(faultOf({ ...event, subject: null, time: null, data_base64: null, data: 1 })).toBeUndefined();
    expect(faultOf({ ...event, data_base64: 'AA==', datacontenttype: null })).toBeUndefined();
  });

  it.each([
    ['a list', [], ''],
    ['null', null, ''],
    ['another version before all else', { ...event, specversion: '0.3', id: 7 }, '/specversion'],
    ['a version that is no text', { ...event, specversion: 1 }, '/specversion'],
    ['no version', { ...event, specversion: undefined }, '/specversion'],
    ['no id', { ...event, id: null }, '/id'],
    ['an empty id', { ...event, id: '' }, '/id'],
    ['a number as id', { ...event, id: 7 }, '/id'],
    ['no source', { ...event, source: undefined }, '/source'],
    ['a source that is no URI-reference', { ...event, source: 'a b' }, '/source'],
    ['an empty source', { ...event, source: '' }, '/source'],
    ['no type', { ...event, type: undefined }, '/type'],
    ['an empty type', { ...event, type: '' }, '/type'],
    ['an empty subject', { ...event, subject: '' }, '/subject'],
    ['a number as partitionkey', { ...event, partitionkey: 5 }, '/partitionkey'],
    ['a time without offset', { ...event, time: '2026-11-21T15:04:05' }, '/time'],
    ['a media type without subtype', { ...event, datacontenttype: 'json' }, '/datacontenttype'],
    ['a relative dataschema', { ...event, dataschema: '/schema' }, '/dataschema'],
    ['base64 without padding', { ...event, data_base64: 'AA' }, '/data_base64'],
    ['both kinds of data', { ...event, data: null, data_base64: 'AA==' }, '/data_base64'],
    ['an object as extension', { ...event, ext: {} }, '/ext'],
    ['a list as extension', { ...event, ext: [] }, '/ext'],
    ['a fraction as extension', { ...event, ext: 1.5 }, '/ext'],
    ['an integer of more than 32 bits', { ...event, ext: 2147483648 }, '/ext'],
    ['capitals in a name', { ...event, someExt: 'x' }, '/someExt'],
    ['a name that has to be escaped', { ...event, 'a/~b': 'x' }, '/a~1~0b'],
    ['no name', { ...event, '': 'x' }, '/'],
    ['NUL in an id', { ...event, id: 'a\0' }, '/id'],
    ['a control character of C1', { ...event, subject: '\u0085' }, '/subject'],
    ['DEL in an extension', { ...event, ext: '\x7f' }, '/ext'],
    ['a noncharacter', { ...event, type: '\uffff' }, '/type'],
    ['half a surrogate pair in an attribute', { ...event, id: '\ud800' }, '/id'],
  ])('is refused with the place of the fault: %s', (_, value, pointer) => {
    expect(faultOf(value)).toMatchObject({ code: 'invalid_event', pointer });
  });

  it.each([
    ['an attribute twice', '"type":"u"', '/type'],
    ['an attribute twice, once unset', '"subject":null,"subject":"x"', '/subject'],
    ['an attribute twice, once in escapes', '"\\u0069d":"2"', '/id'],
    ['data twice', '"data":1,"data":1', '/data'],
    ['an extension twice', '"ext":1,"ext":1', '/ext'],
    ['an extension twice, once in escapes', '"ext":1,"e\\u0078t":1', '/ext'],
    ['a name twice in data', '"data":[{"a":{"b":1,"c":2,"b":3}}]', '/data/0/a/b'],
    ['a name twice in data, in escapes', '"data":{"a":1,"\\u0061":2}', '/data/a'],
    ['half a surrogate pair in data', '"data":["x","\\ud83d\\u0020"]', '/data/1'],
    ['a number that no double holds', '"data":{"n":[1,-1e400]}', '/data/n/1'],
    ['a number that no double holds, in digits', `"data":1${'0'.repeat(400)}`, '/data'],
    ['an exponent in an integer', '"ext":1e2', '/ext'],
  ])('is refused where readers would not agree: %s', (_, member, pointer) => {
    expect(withText(member)).toMatchObject({ code: 'invalid_event', pointer });
  });

  it('may be nested as deep as the limit, and is refused beyond at the place', () => {
    const nested = (depth: number) => `"data":${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(withText(nested(NESTING_MAX - 1))).toBeUndefined();
    expect(withText(nested(NESTING_MAX))?.pointer).toBe(`/data${'/0'.repeat(NESTING_MAX - 1)}`);
    expect(withText(nested(10_000))).toMatchObject({ code: 'invalid_event' });
    expect(withText(`"data":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)?.code).toBe('invalid_event');
    expect(withText(`"data":${'['.repeat(10_000)}`)?.code).toBe('malformed_body');
  });

  it('with many members has its names compared all the same', () => {
    const members = Array.from({ length: 500 }, (_, i) => `"n${i}":${i}`);
    expect(withText(`"data":{${members.join()}}`)).toBeUndefined();
    expect(withText(`"data":{${members.join()},"n250":1}`)?.pointer).toBe('/data/n250');
  });
});

describe('what is no JSON', () => {
  it.each([
    ['{"id":', '/id'],
    ['{"id" "1"}', '/id'],
    ['{"id":"1",}', '/id'],
    ['{"data":{"a":[1,tru]}}', '/data/a/1'],
    ['{"data":01}', '/data'],
    ['{"data":1.}', '/data'],
    ['{"data":.5}', '/data'],
    ['{"data":1e}', '/data'],
    ['{"data":NaN}', '/data'],
    ['{"data":"\\x"}', '/data'],
    ['{"data":"\\u12g4"}', '/data'],
    ['{"data":"a\nb"}', '/data'],
    ['{"data":"a\0b"}', '/data'],
    ["{'id':'1'}", ''],
    ['{} {}', ''],
    ['{}x', ''],
    ['{"id":"1"} x', ''],
    ['{"data":{"a":1} x}', '/data'],
    ['\uFEFF{}', ''],
    ['', ''],
  ])('is told with its place: %s', (text, pointer) => {
    expect(scan(text).fault).toMatchObject({ code: 'malformed_body', pointer });
  });
});

it('names what follows an event, not the space before it', () => {
  expect(scan('{"id":"1"} x').fault?.detail).toBe('not JSON: unexpected "x" at byte 11');
});

describe('the texts of an event', () => {
  it('are decoded, and the key is partitionkey, else subject, else source', () => {
    expect(scan('{"specversion":"1.0","type":"t","id":"\\u0041\\n","source":"\\/s"}')).toMatchObject({
      id: 'A\n',
      source: '/s',
    });
    const keyOf = (more: object) => scan(JSON.stringify({ ...more, ...event })).keyText();
    expect(keyOf({ subject: 'ü"', partitionkey: 'k' })).toBe('k');
    expect(keyOf({ partitionkey: null, subject: 'ü"' })).toBe('ü"');
    expect(keyOf({})).toBe('/s');
  });
});

/** Events of every form that is right. */
const attributeText = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((text) => !/[\p{Cc}\p{Cs}\p{NChar}]/u.test(text));
const timestamp = fc
  .date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const validEvent = fc
  .record(
    {
      specversion: fc.constant('1.0'),
      id: attributeText,
      source: fc.webUrl({ withFragments: true, withQueryParameters: true }),
      type: attributeText,
      subject: fc.option(attributeText),
      partitionkey: fc.option(attributeText),
      time: fc.option(timestamp),
      datacontenttype: fc.constantFrom('application/json', 'text/plain;charset=utf-8', null),
      dataschema: fc.option(fc.webUrl()),
      data: fc.jsonValue({ maxDepth: 4 }),
      ext1: fc.oneof(fc.boolean(), fc.integer(), attributeText, fc.constant(null)),
    },
    { requiredKeys: ['specversion', 'id', 'source', 'type'] },
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);

const mutations: Record<string, readonly unknown[]> = {
  specversion: ['1', '1.0.2', 1, undefined, null, {}],
  id: ['', 1, undefined, null, [], 'a\u0000', '\ud800'],
  source: ['', 'a b', '<s>', '%zz', '1:x', 'ü', true, undefined, null],
  type: ['', 7, undefined, null, '\u0007'],
  subject: ['', 1, {}, '\u009f'],
  partitionkey: ['', false, []],
  time: [
    '',
    'now',
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T12:00:60Z',
    5,
  ],
  datacontenttype: ['', 'x', 'a/b;', 'a/b; c', 'a/b, c/d', 1],
  dataschema: ['', 'relative', '//host/x', 'http://a b', {}],
  data_base64: ['A', 'AA=A', 'AAB=', 'AAA', 'A A=', 'AA==\n', '_-==', 1],
  ext1: [1.5, 2 ** 31, {}, ['x'], '\u0000'],
  Ext: ['x'],
  a_b: [true],
};
const mutation = fc
  .constantFrom(...Object.keys(mutations))
  .chain((name) => fc.record({ name: fc.constant(name), value: fc.constantFrom(...mutations[name]!) }));

describe('any event', () => {
  it('that is right is accepted, by the scanner and by the schema', () => {
    fc.assert(
      fc.property(validEvent, fc.constantFrom(0, 2), (value, indent) => {
        const scanner = scan(JSON.stringify(value, null, indent));
        expect(scanner.fault).toBeUndefined();
        expect(cloudEventSchema.safeParse(value).success).toBe(true);
        expect([scanner.id, scanner.source]).toEqual([value.id, value.source]);
        expect(scanner.keyText()).toBe(value.partitionkey ?? value.subject ?? value.source);
      }),
      { numRuns: 300 },
    );
  });

  it('with one thing wrong is refused with the pointer to it, by both', () => {
    fc.assert(
      fc.property(validEvent, mutation, (value, { name, value: wrong }) => {
        const mutated: Record<string, unknown> = { ...value, [name]: wrong };
        if (name === 'data_base64') delete mutated.data;
        expect(faultOf(mutated)).toMatchObject({ code: 'invalid_event', pointer: `/${name}` });
        expect(cloudEventSchema.safeParse(JSON.parse(JSON.stringify(mutated))).success).toBe(false);
      }),
      { numRuns: 600 },
    );
  });
});

describe('any bytes', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  /** JSON that was cut, doubled or overwritten somewhere */
  const broken = fc
    .record({
      value: fc.json({ maxDepth: 5 }),
      at: fc.nat(),
      length: fc.nat({ max: 3 }),
      insert: fc.constantFrom(
        '',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\u',
        '-',
        '.',
        'e',
        '0',
        '1',
        'null',
        ' ',
        '\n',
        '\0',
      ),
    })
    .map(({ value, at, length, insert }) => {
      const place = at % (value.length + 1);
      return value.slice(0, place) + insert + value.slice(place + length);
    });

  it('are called JSON exactly where JSON.parse calls them so', () => {
    fc.assert(
      fc.property(fc.oneof(broken, fc.json(), fc.string()), (text) => {
        const { fault } = scan(text.trim());
        expect(fault?.code !== 'malformed_body').toBe(isJson(text.trim()));
      }),
      { numRuns: 3_000 },
    );
  });

  it('never make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(scanBytes(Buffer.from(bytes)).fault).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });
});
