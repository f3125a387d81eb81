import { PassThrough, Readable } from 'node:stream';
import { connect, type Producer } from '@foreshard/client/source';
import { expect, it } from 'vitest';
import { sendLines } from './send.ts';

const quiet = { show: () => {} };

/** Stores what it is sent. */
function producer(bodies: string[] = []): Producer {
  const fetch = async (_: string, { body }: RequestInit): Promise<Response> => {
    const lines = String(body).split('\n');
    bodies.push(...lines);
    const results = lines.map((id) => ({ id, status: 'stored' }));
    return new Response(JSON.stringify({ results }));
  };
  return connect({ url: 'http://127.0.0.1:1', token: 't', fetch }).producer();
}

/** What became of a file that arrives in pieces: the bodies that were sent, and what was said of lines. */
async function sent(pieces: readonly Buffer[]) {
  const bodies: string[] = [];
  const said: string[] = [];
  const { signal } = new AbortController();
  const parts = { report: (line: string) => said.push(line), progress: quiet, signal };
  const { summary } = await sendLines(Readable.from(pieces), producer(bodies), parts);
  return { bodies: bodies.sort(), said, summary };
}

it('ends lines at newlines only, wherever the file is cut into pieces', async () => {
  const lines = ['{"id":"1","data":"a\u2028b\u2029c"}', '{"id":"2"}\r', '', '{"id":"3","subject":"\u00e9"}'];
  const bytes = Buffer.from(`\uFEFF${lines.join('\n')}`);
  const wanted = lines.filter((line) => line !== '').sort();
  for (let cut = 1; cut < bytes.length; cut++) {
    const { bodies, said } = await sent([bytes.subarray(0, cut), bytes.subarray(cut)]);
    expect([bodies, said]).toEqual([wanted, []]);
  }
});

it('stores no line that is not UTF-8, and names it', async () => {
  const { bodies, said, summary } = await sent([Buffer.from('{"id":"caf\xe9"}\n{"id":"2"}\n', 'latin1')]);
  expect([bodies, said]).toEqual([['{"id":"2"}'], ['line 1: this is not UTF-8']]);
  expect(summary).toMatchObject({ lines: 2, stored: 1, refused: 1 });
});

it('ends at once when it is told to while it waits for input', async () => {
  const asked = new AbortController();
  setTimeout(() => asked.abort(), 20);
  const parts = { report: () => {}, progress: quiet, signal: asked.signal };
  const { finished } = await sendLines(new PassThrough(), producer(), parts);
  expect(finished).toBe(false);
}, 5_000);
