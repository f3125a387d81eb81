import { describe, expect, it } from 'vitest';
import { BinaryFault, binaryEvent } from './binary-mode.ts';

const REQUIRED = ['ce-specversion', '1.0', 'CE-Id', '1', 'ce-source', '/s', 'ce-type', 't'];
const HEAD = { specversion: '1.0', id: '1', source: '/s', type: 't' };

function converted(headers: readonly string[], body: string | Buffer = ''): unknown {
  const event = binaryEvent([...REQUIRED, ...headers], Buffer.from(body));
  return event instanceof BinaryFault
    ? { code: event.code, pointer: event.pointer }
    : JSON.parse(String(event));
}

describe('the headers of a binary event', () => {
  it.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['%e2%82%ac', '€'],
    ['%41', 'A'],
    ['%2541', '%41'],
    ['a b', 'a b'],
    ['"a \\"b\\" \\\\ %20c"', 'a "b" \\  c'],
    ['a"b', 'a"b'],
  ])('are decoded: %s', (header, subject) => {
    expect(converted(['ce-subject', header])).toEqual({ ...HEAD, subject });
  });

  it.each(['%C0%A0', '%ff', '%E2%82', '100%', '%zz', '"open', 'ü'])(
    'are refused where they are not UTF-8: %s',
    (header) => {
      expect(converted(['ce-subject', header])).toEqual({ code: 'invalid_event', pointer: '/subject' });
    },
  );

  it.each([
    ['ce-id', '/id'],
    ['ce-my_ext', '/my_ext'],
    ['ce-', '/'],
    ['ce-datacontenttype', '/datacontenttype'],
    ['ce-data', '/data'],
    ['ce-data_base64', '/data_base64'],
  ])('are refused where they name no attribute of their own: %s', (header, pointer) => {
    expect(converted([header, 'x'])).toEqual({ code: 'invalid_event', pointer });
  });

  it('may be extensions, which are texts', () => {
    expect(converted(['ce-count', '5', 'x-other', 'no', 'ce-traceparent', '00-x'])).toEqual({
      ...HEAD,
      count: '5',
      traceparent: '00-x',
    });
  });
});

describe('the data of a binary event', () => {
  it.each([
    ['application/json', ' {"a": [1.50]}\n', { data: { a: [1.5] } }],
    ['application/json', '\uFEFF"x"', { data: 'x' }],
    ['application/vnd.x+json; charset=UTF-8', 'null', { data: null }],
    ['text/plain', 'ü "x"\n', { data: 'ü "x"\n' }],
    ['application/xml', '<a/>', { data: '<a/>' }],
    ['application/octet-stream', 'abc', { data_base64: 'YWJj' }],
    ['text/plain; charset=iso-8859-1', Buffer.from([0xfc]), { data_base64: '/A==' }],
    ['text/plain', Buffer.from([0xfc]), { data_base64: '/A==' }],
    ['application/json', '', {}],
  ])('is kept: %s', (datacontenttype, body, data) => {
    expect(converted(['content-type', datacontenttype], body)).toEqual({ ...HEAD, datacontenttype, ...data });
  });

  it('without a type is bytes', () => {
    expect(converted([], 'abc')).toEqual({ ...HEAD, data_base64: 'YWJj' });
  });

  it('keeps numbers that JavaScript cannot hold', () => {
    const event = binaryEvent(
      [...REQUIRED, 'content-type', 'text/json'],
      Buffer.from('12345678901234567890'),
    );
    expect(String(event)).toContain('"data":12345678901234567890}');
  });

  it.each([
    ['application/json', '{"a":1', 'malformed_body', '/data'],
    ['application/json', '1,"id":"2"', 'malformed_body', '/data'],
    ['application/json', '1}', 'malformed_body', '/data'],
    ['application/json', Buffer.from('"\xff"', 'latin1'), 'malformed_body', '/data'],
    ['application/json; charset=utf-16', '1', 'unsupported_media_type', '/datacontenttype'],
  ])('is refused where it is not what it says: %s %s', (contentType, body, code, pointer) => {
    expect(converted(['content-type', contentType], body)).toEqual({ code, pointer });
  });
});
