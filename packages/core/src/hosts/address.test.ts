import { expect, it } from 'vitest';
import { withoutPassword } from './address.ts';

it('never shows a password', () => {
  expect(withoutPassword('postgresql://me:secret@h:5432/d')).toBe('postgresql://me:***@h:5432/d');
  expect(withoutPassword('redis://h:6379')).toBe('redis://h:6379');
});
