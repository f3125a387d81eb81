import { expect, it } from 'vitest';
import { parseApiDocument } from './api-document.ts';

const documentOf = (paths: object, more: object = {}) =>
  JSON.stringify({ openapi: '3.1.0', info: { title: 'Foreshard', version: '9' }, paths, ...more });

it('lists operations path by path, in the order of their methods', () => {
  const paths = {
    '/v1/b': { delete: { summary: 'Remove', tags: ['B'] }, get: { summary: 'List', tags: ['B', 'C'] } },
    '/v1/a': { parameters: [], post: {} },
  };
  expect(parseApiDocument(documentOf(paths))).toEqual({
    ...{ version: '9', openapi: '3.1.0', tags: [] },
    operations: [
      { method: 'get', path: '/v1/b', summary: 'List', tag: 'B', needsToken: true },
      { method: 'delete', path: '/v1/b', summary: 'Remove', tag: 'B', needsToken: true },
      { method: 'post', path: '/v1/a', summary: '', tag: '', needsToken: true },
    ],
  });
});

it('an operation needs a token unless its list of securities is empty', () => {
  const needs = (security: object) =>
    parseApiDocument(documentOf({ '/': { get: { ...security } } })).operations[0]!.needsToken;
  expect(needs({ security: [] })).toBe(false);
  expect(needs({ security: [{ bearer: [] }] })).toBe(true);
});

it.each(['', '<html>', '{}', documentOf({}).replace('paths', 'ways')])('refuses %j', (text) => {
  expect(() => parseApiDocument(text)).toThrow();
});
