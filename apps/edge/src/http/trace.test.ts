import { describe, expect, it } from 'vitest';
import { traceOfHeaders, traceresponse } from './trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('traceOfHeaders', () => {
  it('goes on with a valid trace in a span of its own', () => {
    const trace = traceOfHeaders({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'a=1, b@c=2' });
    expect(trace).toMatchObject({ traceId: TRACE, parentId: PARENT, flags: '01', state: 'a=1,b@c=2' });
    expect(trace.spanId).toMatch(/^[\da-f]{16}$/);
    expect(trace.spanId).not.toBe(PARENT);
    expect(traceresponse(trace)).toBe(`00-${TRACE}-${trace.spanId}-01`);
  });

  it('understands what it knows of a later version', () => {
    const trace = traceOfHeaders({ traceparent: `cc-${TRACE}-${PARENT}-03-more` });
    expect(trace).toMatchObject({ traceId: TRACE, flags: '01' });
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  ])('begins a trace of its own for %s', (traceparent) => {
    const trace = traceOfHeaders({
      ...(traceparent === undefined ? {} : { traceparent }),
      tracestate: 'a=1',
    });
    expect(trace.traceId).not.toBe(TRACE);
    expect(trace).toMatchObject({ parentId: undefined, state: undefined });
  });

  it.each(['', 'A=1', 'a', 'a=1,a=2', `a=${'x'.repeat(600)}`, 'a=1,b=2=3'])(
    'leaves out a tracestate that is not valid: %s',
    (tracestate) => {
      const trace = traceOfHeaders({ traceparent: `00-${TRACE}-${PARENT}-00`, tracestate });
      expect(trace).toMatchObject({ traceId: TRACE, state: undefined });
    },
  );
});
