import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ADMINISTRATOR } from '../console.fixture.ts';
import type { ConsoleServer } from '../main.ts';
import { lastingAnswer } from './lasting-answer.ts';

let asked: number;
let isSignedIn: boolean;
let closing: AbortController;
let leaving: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  [asked, isSignedIn, closing, leaving] = [0, true, new AbortController(), new AbortController()];
});
afterEach(() => vi.useRealTimers());

function server(): ConsoleServer {
  const identify = async () => {
    asked++;
    return isSignedIn ? ADMINISTRATOR : undefined;
  };
  return { identify, closing: closing.signal } as unknown as ConsoleServer;
}

/** Of three pieces. */
function answer(onCancel = () => {}): ReadableStreamDefaultReader<Uint8Array> {
  let left = 3;
  const context = { server: server(), headers: new Headers(), identity: ADMINISTRATOR };
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (left-- > 0) controller.enqueue(new Uint8Array([left]));
          else controller.close();
        },
        cancel: onCancel,
      },
      { highWaterMark: 0 },
    );
  const made = lastingAnswer(context, leaving, ['audit:read', {}], () => {
    return new Response(body(), { headers: { 'content-type': 'text/csv' } });
  });
  expect(made.headers.get('content-type')).toBe('text/csv');
  return made.body!.getReader();
}

it('nobody looks whether the session holds once all was taken, or the reader has left', async () => {
  const reader = answer();
  for (const value of [2, 1, 0]) expect((await reader.read()).value).toEqual(new Uint8Array([value]));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(5);
  expect((await reader.read()).done).toBe(true);
  const cancelled = vi.fn();
  await answer(cancelled).cancel();
  expect(cancelled).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toBe(5);
});

it('is broken off for a reader that waits, soon after the session has ended', async () => {
  const reader = answer();
  await reader.read();
  isSignedIn = false;
  await vi.advanceTimersByTimeAsync(2_000);
  await expect(reader.read()).rejects.toThrow('aborted');
  await expect(reader.closed).rejects.toThrow('aborted');
  expect(asked).toBe(1);
});

it.each([
  ['the console ends', () => closing.abort()],
  ['the client has gone', () => leaving.abort()],
])('is broken off where %s', async (_, end) => {
  const reader = answer();
  await reader.read();
  end();
  await expect(reader.read()).rejects.toThrow('aborted');
});
