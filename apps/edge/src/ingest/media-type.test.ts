import { describe, expect, it } from 'vitest';
import { bodyFormat } from './media-type.ts';

describe('bodyFormat', () => {
  it.each([
    ['application/cloudevents+json', 'structured'],
    ['Application/CloudEvents+JSON; charset="UTF-8"', 'structured'],
    ['application/cloudevents-batch+json;charset=utf-8', 'batch'],
    ['application/x-ndjson', 'lines'],
  ])('takes %s as %s', (type, format) => {
    expect(bodyFormat(type, undefined)).toBe(format);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['application/json', undefined],
    ['text/plain', undefined],
    ['application/x-ndjson; charset=iso-8859-1', undefined],
    ['application/x-ndjson', 'gzip'],
  ])('refuses %s with encoding %s', (type, encoding) => {
    expect(() => bodyFormat(type, encoding)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type' }),
    );
  });
});
