import { expect, it } from 'vitest';
import { hasUserOrPassword, shownAddress } from './shown-address.ts';

it.each([
  ['http://prometheus:9090/', 'http://prometheus:9090/'],
  ['https://canary@h/metrics', 'https://h/metrics'],
  ['https://me:canary@h:8443/a/b?x=1', 'https://h:8443/a/b'],
  ['http://[::1]:9090/a?canary#canary', 'http://[::1]:9090/a'],
  ['canary', 'address hidden'],
])('of %s people see %s', (url, shown) => {
  expect(shownAddress(url)).toBe(shown);
  expect(shownAddress(url)).not.toContain('canary');
});

it.each([
  ['http://edge:7070/a@b', false],
  ['http://me@edge', true],
  ['http://:canary@edge', true],
  ['me:canary@edge', false],
])('%s has a user or a password: %s', (url, has) => {
  expect(hasUserOrPassword(url)).toBe(has);
});
