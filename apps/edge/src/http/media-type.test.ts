import { describe, expect, it } from 'vitest';
import { contentModeOf } from './media-type.ts';

const type = (contentType: string, more: object = {}) => ({ 'content-type': contentType, ...more });

describe('contentModeOf', () => {
  it.each([
    ['application/cloudevents+json', 'structured'],
    ['Application/CloudEvents+JSON; charset="UTF-8"', 'structured'],
    ['application/cloudevents+json;charset=utf8;profile="a;b"', 'structured'],
    ['application/cloudevents-batch+json;charset=utf-8', 'batch'],
    ['application/x-ndjson', 'lines'],
    ['application/ndjson; charset=US-ASCII', 'lines'],
  ])('takes %s as %s', (contentType, mode) => {
    expect(contentModeOf(type(contentType))).toBe(mode);
  });

  it.each([
    ['text/plain', { 'ce-specversion': '1.0' }, 'binary'],
    ['application/json', { 'ce-id': '1' }, 'binary'],
    ['application/x-ndjson', { 'ce-type': 't' }, 'binary'],
    ['application/cloudevents+json', { 'ce-id': '1' }, 'structured'],
  ])('takes %s with %o as %s', (contentType, headers, mode) => {
    expect(contentModeOf(type(contentType, headers))).toBe(mode);
  });

  it('takes an event in headers without a body', () => {
    expect(contentModeOf({ 'ce-source': '/s' })).toBe('binary');
  });

  it.each([
    {},
    type(''),
    type('application/json'),
    type('text/plain'),
    type('application/cloudevents+avro'),
    type('application/cloudevents+avro', { 'ce-id': '1' }),
    type('application/cloudevents+json, text/plain'),
    type('application/cloudevents+json; charset'),
    type('application/x-ndjson; charset=iso-8859-1'),
  ])('refuses %o', (headers) => {
    expect(() => contentModeOf(headers)).toThrow(expect.objectContaining({ code: 'unsupported_media_type' }));
  });
});
