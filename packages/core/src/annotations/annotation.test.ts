import { describe, expect, it } from 'vitest';
import { annotationOf, annotationRequestSchema } from './annotation.ts';

const FROM = '2026-11-27T08:00:00+01:00';
const END = '10000000000000000';
const range = (from: string, to: string) => ({ range: { from, to } });
const parsed = (more: object = {}) =>
  annotationRequestSchema.safeParse({ from: FROM, text: 'sale begins', ...more });

describe('an annotation', () => {
  it('marks one moment of all keys of main when nothing else is said', () => {
    expect(annotationOf(parsed().data!, { id: 'a', atMs: 7, actor: 'ann' })).toEqual({
      ...{ id: 'a', stream: 'main', fromMs: Date.parse(FROM), toMs: Date.parse(FROM), range: null },
      ...{ text: 'sale begins', createdMs: 7, createdBy: 'ann' },
    });
  });

  it('may cover a time and a range of positions, the last key included', () => {
    const more = { to: '2026-11-27T09:00:00+01:00', ...range('8000000000000000', END) };
    expect(annotationOf(parsed(more).data!, { id: 'a', atMs: 7, actor: 'ann' })).toMatchObject({
      ...{ toMs: Date.parse('2026-11-27T08:00:00Z'), range: { from: '8000000000000000', to: END } },
    });
  });

  it.each([
    ['an end before its start', { to: '2026-11-27T06:59:59Z' }, 'to'],
    ['more than 400 days', { to: '2028-01-02T07:00:00Z' }, 'to'],
    ['a time without a zone', { from: '2026-11-27T08:00:00' }, 'from'],
    ['no text', { text: '  ' }, 'text'],
    ['a text that fits on no chart', { text: 'a'.repeat(201) }, 'text'],
    ['a position that is none', range('8', END), 'range.from'],
    ['an empty range', range('8000000000000000', '8000000000000000'), 'range.to'],
    ['a range upside down', range(END, '8000000000000000'), 'range.to'],
  ])('is refused with %s, which is named', (_, more, path) => {
    const { error } = parsed(more);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it.each([
    ['a moment', { to: FROM }],
    ['400 days', { to: '2028-01-01T07:00:00Z' }],
    ['200 characters', { text: 'a'.repeat(200) }],
    ['the first half of the keys', range('0000000000000000', '8000000000000000')],
  ])('may be of %s', (_, more) => {
    expect(parsed(more).success).toBe(true);
  });
});
