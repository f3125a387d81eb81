import { expect, it } from 'vitest';
import { ENGINES } from '../topology/index.ts';
import { ADDRESS_FORMS, ADDRESS_STARTS, ENGINE_LABELS, engineOf, HOST_ENGINES } from './engines.ts';

it('knows the engine by the address', () => {
  expect(engineOf('redis://h')).toBe('redis');
  expect(engineOf('rediss://h')).toBe('redis');
  expect(engineOf('postgres://h/d')).toBe('postgres');
  expect(engineOf('postgresql://h/d')).toBe('postgres');
  expect(engineOf('http://h')).toBeUndefined();
  expect(engineOf('nonsense')).toBeUndefined();
});

it('gives every scheme to one engine, and describes every engine', () => {
  const schemes = Object.values(HOST_ENGINES).flatMap((engine) => engine.schemes);
  expect(new Set(schemes).size).toBe(schemes.length);
  expect(Object.keys(HOST_ENGINES)).toEqual([...ENGINES]);
});

it('names the engines and their addresses for people', () => {
  expect(ENGINE_LABELS).toBe('Redis or PostgreSQL');
  expect(ADDRESS_STARTS).toBe('redis:// or postgresql://');
  expect(ADDRESS_FORMS).toBe('redis://HOST:PORT or postgresql://USER:PASSWORD@HOST:PORT/DATABASE');
});
