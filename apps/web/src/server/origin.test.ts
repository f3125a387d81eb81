import { describe, expect, it } from 'vitest';
import { comesFromElsewhere, isKnownHost } from './origin.ts';

describe('isKnownHost', () => {
  it('accepts loopback names with any port', () => {
    for (const host of ['127.0.0.1:7080', 'localhost', 'LOCALHOST:1', '[::1]:7080'])
      expect(isKnownHost(host, [])).toBe(true);
  });

  it('refuses a foreign name that resolves to loopback', () => {
    expect(isKnownHost('evil.example:7080', [])).toBe(false);
    expect(isKnownHost('127.0.0.1.evil.example', [])).toBe(false);
    expect(isKnownHost(null, [])).toBe(false);
  });

  it('accepts the names it was given', () => {
    expect(isKnownHost('console.example', [undefined, 'a.example, console.example'])).toBe(true);
  });
});

describe('comesFromElsewhere', () => {
  const headers = (h: Record<string, string>) => new Headers({ host: '127.0.0.1:7080', ...h });

  it('lets the console itself and tools pass', () => {
    expect(comesFromElsewhere(headers({ origin: 'http://127.0.0.1:7080' }))).toBe(false);
    expect(comesFromElsewhere(headers({}))).toBe(false);
  });

  it('refuses another site, another port, and an opaque origin', () => {
    expect(comesFromElsewhere(headers({ origin: 'https://evil.example' }))).toBe(true);
    expect(comesFromElsewhere(headers({ origin: 'http://127.0.0.1:3000' }))).toBe(true);
    expect(comesFromElsewhere(headers({ origin: 'null' }))).toBe(true);
  });

  it('refuses what the browser calls cross-site even without an Origin', () => {
    expect(comesFromElsewhere(headers({ 'sec-fetch-site': 'cross-site' }))).toBe(true);
    expect(comesFromElsewhere(headers({ 'sec-fetch-site': 'same-origin' }))).toBe(false);
  });
});
