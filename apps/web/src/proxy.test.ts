import { NextRequest } from 'next/server';
import { afterEach, expect, it, vi } from 'vitest';
import { proxy } from './proxy.ts';

afterEach(() => vi.unstubAllEnvs());

const ask = (path: string, headers: Record<string, string> = {}) =>
  proxy(new NextRequest(`http://127.0.0.1:7080${path}`, { headers: { host: '127.0.0.1:7080', ...headers } }));

it('no other site frames a page, loads parts of it, or keeps a hand on its window', () => {
  const { headers } = ask('/hosts');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(headers.get('strict-transport-security')).toBeNull();
});

it('behind TLS browsers are told to stay there', () => {
  vi.stubEnv('WEB_TRUSTED_PROXY', '1');
  expect(ask('/hosts').headers.get('strict-transport-security')).toMatch(/^max-age=\d+$/);
});

it('with a certificate of its own as well', () => {
  vi.stubEnv('WEB_TLS_CERT', '/etc/console.crt');
  expect(ask('/hosts').headers.get('strict-transport-security')).toMatch(/^max-age=\d+$/);
});

it('the way back is the address that was asked for, whatever a client says', () => {
  const answer = ask('/heat?span=7d', { 'x-foreshard-path': '/elsewhere' });
  expect(answer.headers.get('x-middleware-request-x-foreshard-path')).toBe('/heat?span=7d');
});

it('a name that it is not known by is refused', () => {
  expect(ask('/', { host: 'evil.example' }).status).toBe(421);
});
