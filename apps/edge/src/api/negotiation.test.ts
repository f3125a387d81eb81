import { describe, expect, it } from 'vitest';
import { negotiated } from './negotiation.ts';

const offered = ['application/json', 'text/event-stream'];

describe('negotiated', () => {
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['text/*', 'text/event-stream'],
    ['application/json;q=0.5, text/event-stream', 'text/event-stream'],
    ['text/event-stream;q=0.1, */*;q=0.2', 'application/json'],
    ['Application/JSON', 'application/json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
  ])('answers %s with %s', (accept, type) => {
    expect(negotiated(accept, offered)).toBe(type);
  });

  it.each(['text/html', 'application/json;q=0', 'text/plain, image/*'])('refuses %s', (accept) => {
    expect(() => negotiated(accept, offered)).toThrow(/application\/json or text\/event-stream/);
  });
});
