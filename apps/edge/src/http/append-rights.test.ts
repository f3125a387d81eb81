import { allows, type Grant, type Scope } from '@foreshard/core/access';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { appendRights } from './append-rights.ts';

const STREAMS = ['a', 'b'];
const KEYS = ['', 'x', 'xy', 'y'];

const streamScope = fc.record(
  { name: fc.constantFrom(...STREAMS), keyPrefix: fc.constantFrom('', 'x', 'xy') },
  { requiredKeys: ['name'] },
);
const scope: fc.Arbitrary<Scope> = fc.record(
  { streams: fc.array(streamScope, { maxLength: 3 }) },
  { requiredKeys: [] },
);
const grant: fc.Arbitrary<Grant> = fc.record({
  permissions: fc.uniqueArray(fc.constantFrom('events:write' as const, 'events:read' as const)),
  scope,
});

it('permits exactly the keys that the grants allow', () => {
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 3 }), (grants) => {
      const rights = appendRights(grants);
      for (const stream of STREAMS) {
        const keys = rights(stream);
        for (const key of KEYS) {
          const permitted = keys === 'all' || (keys !== 'none' && keys.some((one) => key.startsWith(one)));
          expect(permitted).toBe(allows(grants, 'events:write', { stream, key }));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
