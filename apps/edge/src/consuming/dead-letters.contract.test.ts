/** Dead letters over HTTP, on a real Redis host: what members report, and what people see and decide. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EdgeFixture, knownToken, type Reply } from '../reading/edge.fixture.ts';

let edge: EdgeFixture;
let group: string;
let count = 0;

beforeAll(async () => {
  edge = await EdgeFixture.start(1);
  const consume = (name: string, scope: object) => ({ ...knownToken(name, name, ['groups:consume']), scope });
  edge.tokens.push(
    { ...consume('of-g1', { groups: ['g1'], streams: [{ name: 'g1' }] }) },
    { ...consume('of-other', { groups: ['other'] }) },
    { ...knownToken('everything', 'everything', ['ingest', 'read', 'consume', 'admin']) },
  );
  await edge.createStream({ name: 'main', shardCount: 1 });
});
afterAll(() => edge?.stop());

beforeEach(async () => {
  group = `g${++count}`;
  await edge.createStream({ name: group, shardCount: 1 });
  // as a worker opens it
  await edge.createStream({ name: `dead--${group}`, shardCount: 1 });
  const events = ['a', 'b', 'a'].map((subject, i) => ({
    ...{ specversion: '1.0', type: 'order', source: '/shop', id: String(i), subject },
    data: { n: i },
  }));
  await edge.post(`/v1/streams/${group}/events`, events);
  expect((await ask('POST', '/v1/groups', { name: group, stream: group })).status).toBe(201);
});

async function ask(method: string, path: string, body?: object, token?: string): Promise<Reply> {
  const response = await edge.fetch(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
const at = (path: string, of = group) => `/v1/groups/${of}/${path}`;

interface Batch {
  readonly shardlet: number;
  readonly assignment: number;
  readonly epoch: number;
  readonly through: number;
  readonly events: readonly {
    readonly seq: number;
    readonly event: { id: string; type: string; data: unknown };
  }[];
}

async function poll(of = group, token?: string): Promise<Batch[]> {
  const { status, body } = await ask('POST', at('poll', of), { member: 'm' }, token);
  expect(status).toBe(200);
  return body.batches;
}
const report = ({ shardlet, assignment }: Batch, seq: number, of = group, token?: string) =>
  ask(
    ...(['POST', at('dead-letters', of)] as const),
    ...([{ member: 'm', shardlet, assignment, seq, reason: 'no tax rate', attempts: 5 }, token] as const),
  );
const listed = async () => (await ask('GET', at('dead-letters'))).body;

describe('a dead letter', () => {
  it('is reported by who holds its shardlet, listed, re-driven and given to the group again', async () => {
    const [batch] = (await poll()) as [Batch];
    const reported = await report(batch, 2);
    expect(reported).toMatchObject({ status: 200, body: { kind: 'dead', repeated: false } });
    expect((await report(batch, 2)).body).toEqual({ ...reported.body, repeated: true });
    expect(await listed()).toMatchObject({
      ...{ more: false, omitted: 0, counts: { dead: 1, redriven: 0, discarded: 0 } },
      letters: [{ letter: reported.body.letter, state: 'dead', key: 'b', seq: 2, reason: 'no tax rate' }],
    });
    const { letter } = reported.body;
    const shown = (await ask('GET', at(`dead-letters/${letter}`))).body;
    expect(JSON.parse(shown.event)).toMatchObject({ id: '1', data: { n: 1 } });
    const redriven = await ask('POST', at('redrives'), { letters: [letter], note: 'fixed' });
    expect(redriven).toEqual({
      status: 200,
      body: { result: 'redriven', changed: 1, unchanged: 0, left: 0 },
    });
    const [again] = (await poll(`${group}.redrive`)) as [Batch];
    const { event, seq } = again.events.find((one) => one.event.type === 'dev.foreshard.redrive')!;
    expect(event.data).toMatchObject({ letter, note: 'fixed', by: 'token:test', event: { id: '1' } });
    // it fails again
    expect((await report(again, seq, `${group}.redrive`)).body).toMatchObject({ letter, repeated: false });
    expect((await listed()).letters).toMatchObject([{ state: 'dead', failures: 2 }]);
  });

  it('is refused where it is fenced, past the end, or of a group that reads what is re-driven', async () => {
    const [batch] = (await poll()) as [Batch];
    const fenced = await report({ ...batch, assignment: batch.assignment + 1 }, 2);
    expect(fenced).toEqual({ status: 409, body: { kind: 'fenced', assignment: batch.assignment } });
    expect(await report(batch, 99)).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } });
    expect((await ask('GET', at('dead-letters', 'nope'))).body.code).toBe('unknown_group');
    await report(batch, 1);
    await ask('POST', at('redrives'), { all: true });
    expect((await ask('GET', at('dead-letters', `${group}.redrive`))).body.code).toBe('invalid_parameter');
    expect((await ask('POST', at('discards'), {})).body.code).toBe('invalid_parameter');
  });

  it('goes with its group, which says before how many', async () => {
    const [batch] = (await poll()) as [Batch];
    for (const seq of [1, 2]) await report(batch, seq);
    await ask('POST', at('redrives'), { all: true });
    const letters = { dead: 0, redriven: 2, discarded: 0 };
    const path = `/v1/groups/${group}`;
    expect((await ask('DELETE', `${path}?dryRun=true`)).body).toMatchObject({
      ...{ result: 'would be removed', letters },
    });
    expect((await ask('DELETE', path)).body).toEqual({ group, result: 'removed', letters });
    await edge.caughtUp();
    const names = async (what: string) => JSON.stringify((await edge.get(`/v1/${what}`)).body);
    expect(await names('groups')).not.toContain(`"${group}.redrive"`);
    expect(await names('map')).not.toContain(`"dead--${group}"`);
  });

  it('stands in a stream that nobody else appends to, creates or deletes', async () => {
    const event = { specversion: '1.0', type: 't', source: '/s', id: '1' };
    const appended = await edge.fetch(`/v1/streams/dead--${group}/events`, {
      ...{ method: 'POST', body: JSON.stringify(event) },
      headers: { 'content-type': 'application/cloudevents+json' },
    });
    expect([appended.status, await appended.text()]).toMatchObject([
      400,
      expect.stringContaining('dead letters'),
    ]);
    const create = await ask('POST', '/v1/streams', { name: 'dead--mine' }, 'everything');
    expect(create.body).toMatchObject({ code: 'invalid_order', pointer: '/name' });
    const remove = await ask('DELETE', `/v1/streams/dead--${group}`, undefined, 'everything');
    expect(remove.body.code).toBe('invalid_order');
  });
});

describe('a token limited to one group', () => {
  it('may do everything about the letters of it, and nothing about others, and reads no payload', async () => {
    expect(group).not.toBe('g1');
    await ask('POST', '/v1/groups', { name: 'other', stream: group });
    for (const [name, token, mine] of [
      ['g1', 'of-g1', true],
      ['g1', 'of-other', false],
      ['other', 'of-g1', false],
    ] as const) {
      const status = async (method: string, path: string, body?: object) =>
        (await ask(method, at(path, name), body, token)).status;
      const expected = mine ? [200, 200, 200, 200, 200] : [403, 403, 403, 403, 403];
      // the letters of g1 are those of the first test
      expect([
        await status('GET', 'dead-letters'),
        await status('POST', 'discards', { all: true }),
        await status('POST', 'restores', { all: true }),
        await status('POST', 'redrives', { all: true }),
        (await ask('POST', at('poll', `${name}.redrive`), { member: token }, token)).status,
      ]).toEqual(expected);
    }
    const [letter] = (await ask('GET', at('dead-letters', 'g1'), undefined, 'of-g1')).body.letters;
    const shown = await ask('GET', at(`dead-letters/${letter.letter}`, 'g1'), undefined, 'of-g1');
    expect(shown).toMatchObject({ status: 200, body: { key: 'b', event: null } });
  });
});
