import { expect, it } from 'vitest';
import { engineOf, withoutPassword } from './address.ts';

it('never shows a password', () => {
  expect(withoutPassword('postgresql://me:secret@h:5432/d')).toBe('postgresql://me:***@h:5432/d');
  expect(withoutPassword('redis://h:6379')).toBe('redis://h:6379');
});

it('knows the engine by the address', () => {
  expect(engineOf('rediss://h')).toBe('redis');
  expect(engineOf('postgres://h/d')).toBe('postgres');
  expect(engineOf('http://h')).toBeUndefined();
  expect(engineOf('nonsense')).toBeUndefined();
});
