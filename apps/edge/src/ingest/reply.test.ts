import { describe, expect, it } from 'vitest';
import { Intake } from './intake.ts';
import { replyTo } from './reply.ts';
import { STREAM } from './sample-stream.fixture.ts';

function intakeOf(...ids: string[]): Intake {
  return filled(ids, true);
}

function filled(ids: readonly string[], isBulk: boolean): Intake {
  const bounds = { from: ids.map(() => 0), to: ids.map(() => 0) };
  const intake = new Intake(STREAM, Buffer.alloc(0), bounds, { tokenTs: 0, nowMicros: 0 }, isBulk);
  ids.forEach((id, i) => {
    intake.ids[i] = id;
    intake.shardlet[i] = 7;
    intake.shard[i] = 3;
  });
  return intake;
}

describe('replyTo', () => {
  it('answers 200 when every event is durable, in the order sent', () => {
    const intake = intakeOf('a', 'b', 'c');
    intake.stored(1, 5, 1_760_000_000_000_001);
    intake.duplicate(0, { shardlet: 6, seq: 2, ts: 70 });
    intake.duplicate(2, { shardlet: 6, seq: undefined, ts: undefined });
    const reply = replyTo(intake);
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({
      results: [
        { id: 'a', status: 'duplicate', stream: 'main', shard: 3, shardlet: 6, seq: 2, ts: 70 },
        {
          id: 'b',
          status: 'stored',
          stream: 'main',
          shard: 3,
          shardlet: 7,
          seq: 5,
          ts: 1_760_000_000_000_001,
        },
        { id: 'c', status: 'duplicate', stream: 'main', shard: 3, shardlet: 6, seq: null, ts: null },
      ],
    });
  });

  it('writes every id as JSON, in ASCII', () => {
    const ids = ['plain', 'quo"te', 'back\\slash', 'ü€😀', 'tab\t', '\u2028'];
    const intake = intakeOf(...ids);
    for (const i of ids.keys()) intake.stored(i, i + 1, 1);
    const { body } = replyTo(intake);
    expect(JSON.parse(body).results.map((r: { id: string }) => r.id)).toEqual(ids);
    expect(Buffer.byteLength(body)).toBe(body.length);
  });

  it('gives a single event its own status', () => {
    const intake = filled(['a'], false);
    intake.refuse(0, { code: 'invalid_event', detail: 'no type', pointer: '/type' });
    const reply = replyTo(intake);
    expect([reply.status, reply.contentType]).toEqual([400, 'application/problem+json']);
    expect(JSON.parse(reply.body)).toMatchObject({
      status: 400,
      code: 'invalid_event',
      pointer: '/type',
      detail: 'no type',
    });
  });

  it('points into the list where the body is one', () => {
    const intake = intakeOf('a', 'b');
    intake.stored(0, 1, 1);
    intake.refuse(1, { code: 'invalid_event', detail: 'no type', pointer: '/type' });
    const { pointer, results } = JSON.parse(replyTo(intake).body);
    expect([pointer, results[1].error.index, results[1].error.pointer]).toEqual(['/1/type', 1, '/type']);
  });

  it('puts what goes away by itself before what does not, and names every place', () => {
    const intake = intakeOf('a', 'b', 'c', 'd');
    intake.stored(0, 1, 1);
    intake.refuse(1, { code: 'invalid_event', detail: 'no type', pointer: '/type' });
    intake.refuse(2, { code: 'overloaded', detail: 'wait' });
    intake.expired(3);
    const reply = replyTo(intake);
    expect([reply.status, reply.retryAfterSeconds]).toEqual([503, 1]);
    const { results, detail } = JSON.parse(reply.body);
    expect(detail).toBe('3 of 4 events were not stored (index 1, 2, 3); wait');
    expect(results.map((r: { status: string }) => r.status)).toEqual(['stored', 'error', 'error', 'expired']);
    expect(results[1].error).toMatchObject({ code: 'invalid_event', pointer: '/type', index: 1 });
    expect(results[3].error.code).toBe('event_expired');
  });

  it('tells to come back when the last of the events can be stored', () => {
    const intake = intakeOf('a', 'b', 'c');
    intake.refuse(0, { code: 'host_unreachable', detail: 'away', retryAfterSeconds: 7 });
    intake.refuse(1, { code: 'overloaded', detail: 'wait' });
    intake.refuse(2, { code: 'host_unreachable', detail: 'away', retryAfterSeconds: 3 });
    expect(replyTo(intake).retryAfterSeconds).toBe(7);
  });

  it.each([
    ['host_full', 507],
    ['too_many_ids', 429],
    ['host_unreachable', 503],
    ['event_too_large', 413],
    ['internal', 500],
  ] as const)('answers %s with %i, above a fault of the sender', (code, status) => {
    const intake = intakeOf('a', 'b');
    intake.refuse(0, { code, detail: 'x' });
    intake.refuse(1, { code: 'invalid_event', detail: 'y' });
    expect(replyTo(intake).status).toBe(status);
  });
});
