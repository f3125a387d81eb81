import { ForeshardError } from '@foreshard/core/kernel';
import { expect, it } from 'vitest';
import { problemOf } from './problem.ts';
import { traceOfHeaders } from './trace.ts';

const trace = traceOfHeaders({});

it('names the kind, the request and every place that is wrong', () => {
  const places = [
    { pointer: '?limit', detail: 'too large' },
    { pointer: '?x', detail: 'not known' },
  ];
  const { document } = problemOf(
    new ForeshardError('invalid_parameter', 'Two are wrong.', { places }),
    trace,
  );
  expect(document).toMatchObject({
    type: '/docs/errors/invalid_parameter',
    status: 400,
    code: 'invalid_parameter',
    pointer: '?limit',
    errors: places,
    instance: `urn:foreshard:request:${trace.traceId}-${trace.spanId}`,
  });
});

it('tells nothing of an unexpected fault', () => {
  const { document } = problemOf(new Error('password=secret'), trace);
  expect(document).toMatchObject({ status: 500, code: 'internal' });
  expect(JSON.stringify(document)).not.toContain('secret');
});
