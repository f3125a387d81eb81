import { describe, expect, it } from 'vitest';
import { isBase64, isMediaType, isTimestamp, isUri, isUriReference } from './attribute-types.ts';

describe('isTimestamp', () => {
  it.each([
    '1985-04-12T23:20:50.52Z',
    '1996-12-19T16:39:57-08:00',
    '1990-12-31T23:59:60Z',
    '1990-12-31T15:59:60-08:00',
    '1937-01-01T12:00:27.87+00:20',
    '2024-02-29t00:00:00z',
    '2000-02-29T00:00:00-00:00',
    '0000-01-01T00:00:00.000000000000001Z',
  ])('takes %s', (text) => {
    expect(isTimestamp(text)).toBe(true);
  });

  it.each([
    '',
    '2026-11-21',
    '2026-11-21T15:04Z',
    '2026-11-21T15:04:05',
    '2026-11-21 15:04:05Z',
    '2026-11-21T15:04:05.Z',
    '2026-11-21T15:04:05,5Z',
    '2026-11-21T15:04:05+0100',
    '2026-11-21T15:04:05+01',
    '2026-11-21T15:04:05+24:00',
    '2026-11-21T15:04:05+01:60',
    '2026-11-21T15:04:05Zx',
    ' 2026-11-21T15:04:05Z',
    '26-11-21T15:04:05Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-04-00T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T12:60:00Z',
    '2026-11-21T12:00:60Z',
    '1990-12-31T23:59:61Z',
    '2026-11-2xT12:00:00Z',
  ])('refuses %s', (text) => {
    expect(isTimestamp(text)).toBe(false);
  });
});

describe('isUriReference and isUri', () => {
  it.each([
    'https://github.com/cloudevents/spec/pull/123',
    'mailto:cncf-wg-serverless@lists.cncf.io',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    'http://user:pw@[2001:db8::7]:80/a;b=1?c=d/e?f#g',
    'tel:+1-816-555-1212',
    'file:///etc/hosts',
    'a:',
  ])('take %s', (text) => {
    expect([isUri(text), isUriReference(text)]).toEqual([true, true]);
  });

  it.each([
    '/cloudevents/spec/pull/123',
    '1-555-123-4567',
    'a/b:c',
    '//host/x',
    '?q',
    '#f',
    './a:b',
    '',
    '%20',
  ])('tell a reference from a URI: %s', (text) => {
    expect([isUri(text), isUriReference(text)]).toEqual([false, true]);
  });

  it.each([
    'a b',
    '<a>',
    'a"b',
    'a\\b',
    'a^b',
    '{a}',
    '%',
    '%2',
    '%gg',
    'ü',
    '1:a',
    ':a',
    'a#b#c',
    'http://[::1',
    'http://a:b',
    'http://a]b/',
    'a[b]',
  ])('refuse %s', (text) => {
    expect([isUri(text), isUriReference(text)]).toEqual([false, false]);
  });
});

describe('isMediaType', () => {
  it.each(['text/plain', 'application/vnd.x+json; charset=UTF-8', 'a/b;c="d;\\"e";f=g', 'a/b ; c=d '])(
    'takes %s',
    (text) => {
      expect(isMediaType(text)).toBe(true);
    },
  );

  it.each([
    '',
    'text',
    'text/',
    '/plain',
    'a/b/c',
    'a /b',
    'a/b;',
    'a/b;c',
    'a/b;c=',
    'a/b;c="d',
    'a/b,c/d',
    'a/ü',
  ])('refuses %s', (text) => {
    expect(isMediaType(text)).toBe(false);
  });
});

describe('isBase64', () => {
  it('takes what Node.js makes of any bytes', () => {
    for (let length = 0; length < 40; length++)
      expect(
        isBase64(
          Buffer.from({ length })
            .fill(length * 37)
            .toString('base64'),
        ),
      ).toBe(true);
  });

  it.each(['A', 'AA', 'AAA', 'AA=', 'AB==', 'AAB=', '====', 'A===', 'AA==AA==', 'AA_-', 'AA\n=', ' AAA'])(
    'refuses %s',
    (text) => {
      expect(isBase64(text)).toBe(false);
    },
  );
});

describe('long hostile texts', () => {
  it('are judged in linear time', () => {
    const startedMs = performance.now();
    for (const text of [
      'a'.repeat(200_000),
      '%'.repeat(200_000),
      ' ;'.repeat(100_000),
      '@:'.repeat(100_000),
    ]) {
      for (const judge of [isBase64, isMediaType, isTimestamp, isUri, isUriReference])
        for (const around of [text, `${text}\n`, `a/b${text}\n`, `http://${text} `, `a/b;c="${text}`])
          judge(around);
    }
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
