import { expect, test } from 'vitest';
import { annotationFormSchema, freshForm, localOf, requestOf } from './annotation-form.ts';

const FROM_MS = Date.parse('2026-11-27T08:00:00Z');
const HOUR_MS = 3_600_000;
const RANGE = { from: '8000000000000000', to: '10000000000000000', name: 'order-1' };
const place = { stream: 'main', fromMs: FROM_MS, toMs: FROM_MS + HOUR_MS, range: RANGE };
const form = { ...freshForm(place), text: 'sale begins' };
const wrong = (more: object) => {
  const { error } = annotationFormSchema(place).safeParse({ ...form, ...more });
  return error && [...new Set(error.issues.map(({ path }) => path.join('.')))];
};

test('a form opens with the time and the keys it was asked for, and means them', () => {
  expect(requestOf(form, place)).toEqual({
    ...{ stream: 'main', from: '2026-11-27T08:00:00.000Z', to: '2026-11-27T09:00:00.000Z' },
    ...{ text: 'sale begins', range: { from: RANGE.from, to: RANGE.to } },
  });
  expect(wrong({})).toBeUndefined();
});

test('a moment of all keys has neither an end nor a range', () => {
  const moment = { stream: 'main', fromMs: FROM_MS };
  expect(requestOf({ ...freshForm(moment), text: 'a' }, moment)).toEqual({
    ...{ stream: 'main', from: '2026-11-27T08:00:00.000Z', text: 'a' },
  });
  expect(requestOf({ ...form, keys: 'all' }, place)).not.toHaveProperty('range');
});

test.each([
  [{ text: ' ' }, ['text']],
  [{ from: '' }, ['from']],
  [{ to: localOf(FROM_MS - HOUR_MS) }, ['to']],
])('%j is refused at its field', (more, fields) => {
  expect(wrong(more)).toEqual(fields);
});
