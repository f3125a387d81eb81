import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HIDDEN, recorded, recordedText } from './recorded.ts';
import { allOperations, OPERATIONS } from './table.ts';

describe('recorded', () => {
  it('leaves out the members that a contract names, also within lists', () => {
    const document = { token: 'a', target: { url: 'b', name: 'c' }, hosts: [{ key: 'd' }, { key: null }] };
    expect(recorded(document, { secrets: ['token', 'target.url', 'hosts.*.key'] })).toEqual({
      ...{ token: HIDDEN, target: { url: HIDDEN, name: 'c' } },
      hosts: [{ key: HIDDEN }, { key: null }],
    });
  });

  it('keeps of an address that a contract names where it leads', () => {
    const url = 'https://canary:canary@h:9090/prom?canary#canary';
    const document = { prometheus: { url, query: 'up' }, url };
    expect(recorded(document, { addresses: ['prometheus.url', 'url'] })).toEqual({
      ...{ prometheus: { url: 'https://h:9090/prom', query: 'up' }, url: 'https://h:9090/prom' },
    });
    for (const none of [{}, { prometheus: undefined }, { prometheus: null }, null])
      expect(recorded(none, { addresses: ['prometheus.url'] })).toEqual(JSON.parse(JSON.stringify(none)));
  });

  it('leaves out what looks like a secret, though no contract names it', () => {
    expect(
      recorded({
        newPassword: 'canary',
        addresses: ['redis://:canary@h:1', 'postgresql://user:canary@h/d', 'https://canary@h/x@y'],
        queries: ['http://p:9090/?step=5&api_key=canary#x', 'postgresql://h/d?password=canary&ssl=on'],
        detail: 'the token fsh_canary-canary was taken',
        key: 'whsec_canarycanary==',
      }),
    ).toEqual({
      newPassword: HIDDEN,
      addresses: [`redis://:${HIDDEN}@h:1`, `postgresql://user:${HIDDEN}@h/d`, `https://${HIDDEN}@h/x@y`],
      queries: [`http://p:9090/?step=5&api_key=${HIDDEN}#x`, `postgresql://h/d?password=${HIDDEN}&ssl=on`],
      detail: `the token ${HIDDEN} was taken`,
      key: HIDDEN,
    });
  });

  it('is bounded, and tells how much there was', () => {
    const kept = recorded({ load: 'x'.repeat(1_000_000), many: new Array(5_000).fill(1) }) as never;
    expect(kept).toMatchObject({ load: expect.stringMatching(/^x{1000}\.\.\. \(1000000 characters\)$/) });
    expect((kept as { many: unknown[] }).many).toHaveLength(101);
    const wide = Object.fromEntries(new Array(90).fill(0).map((_, i) => [`m${i}`, 'y'.repeat(900)]));
    expect(recorded(wide)).toEqual({
      ...{ cut: expect.stringMatching(/^8\d{4} characters$/), start: expect.any(String) },
    });
  });

  it('hides a secret that stands where a long text is cut', () => {
    // wherever it is cut: of a few characters alone nobody sees that they begin a secret
    for (let before = 980; before < 1_000; before++) {
      const text = `${'x'.repeat(before)} fsh_${'canary'.repeat(20)}`;
      expect(JSON.stringify(recorded({ text })), `${before}`).not.toContain('ca');
    }
  });

  it('keeps any JSON document as one that PostgreSQL takes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (document) => {
        const text = JSON.stringify(recorded({ document }));
        expect(text).not.toContain('\\u0000');
        expect(text.length).toBeLessThan(40_000);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
    expect(recordedText('a\0b\ud800')).toBe('a\u2400b\ufffd');
  });
});

/** Members that are called like a secret and are none, with what they are. */
const NO_SECRETS: Readonly<Record<string, string>> = {
  'users.invitations output invitations': 'who was invited, without the links',
  'users.revokeInvitation input invitation': 'an id',
  'users.revokeInvitation output invitation': 'an id',
  'tokens.list output tokens': 'the list of tokens without the tokens themselves',
  'tokens.revoke input token': 'an id',
  'tokens.revoke output token': 'an id',
};
const LIKE_A_SECRET = /token|secret|passw|link|credential|invitation/i;
/** What a contract says of a member that nobody is answered a second time. */
const ONLY_ONCE = /answered only here|(?:shown|told) this once/;

describe.each(allOperations(OPERATIONS).map((one) => [one.name, one] as const))('%s', (name, operation) => {
  const members = (['input', 'output'] as const).flatMap((side) =>
    pathsOf(operation[side], side).map(({ path, description }) => ({ side, path, description })),
  );

  it('names every member that is called like a secret as one', () => {
    const named = operation.secrets ?? [];
    const forgotten = members.filter(
      ({ side, path, description }) =>
        (LIKE_A_SECRET.test(path.split('.').at(-1)!) || ONLY_ONCE.test(description)) &&
        !named.includes(path) &&
        !(`${name} ${side} ${path}` in NO_SECRETS),
    );
    expect(forgotten).toEqual([]);
    expect(named.filter((path) => !members.some((one) => one.path === path))).toEqual([]);
  });

  it('keeps nothing of them', () => {
    for (const { path } of members.filter(({ path }) => operation.secrets?.includes(path))) {
      const document = path
        .split('.')
        .reduceRight<unknown>((inner, member) => (member === '*' ? [inner] : { [member]: inner }), 'canary');
      expect(JSON.stringify(recorded(document, operation))).not.toContain('canary');
    }
  });
});

/** Of every member, as `secrets` names them. */
function pathsOf(schema: z.ZodType, io: 'input' | 'output'): Described[] {
  const document = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline', cycles: 'ref' });
  return pathsIn(document as JsonSchema, (document as JsonSchema).$defs ?? {}, []);
}

interface Described {
  readonly path: string;
  readonly description: string;
}

interface JsonSchema {
  readonly description?: string;
  readonly $ref?: string;
  readonly $defs?: Record<string, JsonSchema>;
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: JsonSchema[];
  readonly oneOf?: JsonSchema[];
  readonly allOf?: JsonSchema[];
}

function pathsIn(
  schema: JsonSchema,
  defs: Record<string, JsonSchema>,
  within: readonly string[],
): Described[] {
  if (within.length > 4) return [];
  const ref = schema.$ref?.replace('#/$defs/', '');
  if (ref !== undefined) return pathsIn(defs[ref] ?? {}, defs, within);
  const { properties = {}, items, anyOf = [], oneOf = [], allOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, inner]) => [
      { path: [...within, name].join('.'), description: inner.description ?? '' },
      ...pathsIn(inner, defs, [...within, name]),
    ]),
    ...(items === undefined ? [] : pathsIn(items, defs, [...within, '*'])),
    ...[...anyOf, ...oneOf, ...allOf].flatMap((one) => pathsIn(one, defs, within)),
  ];
}
