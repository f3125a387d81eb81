/**
 * What a checkpoint contains: gzip of lines of JSON. The first line is the header; each other one is an entry, `["key",value]`,
 * or in a delta `["key"]` of a key that was deleted. Entries are sorted by key, so equal states give equal bytes.
 */
import { ForeshardError } from '../edge/errors.ts';
import type { Snapshot } from './shardlet-state.ts';
import { Slices, sorted } from './slices.ts';

export interface ContentHeader {
  readonly v: 1;
  readonly kind: 'full' | 'delta';
  readonly shardlet: number;
  readonly seq: number;
  readonly epoch: number;
  readonly handlerVersion: string;
}

export interface Encoded {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `sha-256:` and hex digits, of `bytes` */
  readonly digest: string;
}

const CHUNK_CHARS = 64_000;
const encoder = new TextEncoder();

/** Reads the snapshot in slices and releases it. */
export async function encoded(header: ContentHeader, snapshot: Snapshot): Promise<Encoded> {
  const zip = new CompressionStream('gzip');
  const zipped = new Response(zip.readable).arrayBuffer();
  // its failure is that of the writer
  zipped.catch(() => {});
  try {
    const writer = zip.writable.getWriter();
    for await (const chunk of chunks(header, snapshot)) await writer.write(encoder.encode(chunk));
    await writer.close();
  } finally {
    snapshot.release();
  }
  const bytes = new Uint8Array(await zipped);
  return { bytes, digest: await digestOf(bytes) };
}

async function* chunks(header: ContentHeader, snapshot: Snapshot): AsyncGenerator<string> {
  const slices = new Slices();
  let chunk = `${JSON.stringify(header)}\n`;
  for (const key of await sorted(snapshot.keys, slices)) {
    const text = snapshot.textOf(key);
    // it has come and gone between two snapshots
    if (text === undefined && snapshot.kind === 'full') continue;
    chunk += text === undefined ? `[${JSON.stringify(key)}]\n` : `[${JSON.stringify(key)},${text}]\n`;
    if (slices.isOver(text?.length)) await slices.pause();
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

/** Calls `onEntry` with each entry, in slices. @throws ForeshardError `damaged_checkpoint` */
export async function decoded(
  bytes: Uint8Array<ArrayBuffer>,
  digest: string,
  onHeader: (header: ContentHeader) => void,
  onEntry: (key: string, text: string | undefined) => void,
): Promise<void> {
  const found = await digestOf(bytes);
  if (found !== digest) throw damaged(`its digest is ${found} instead of ${digest}`);
  const slices = new Slices();
  let hasHeader = false;
  for await (const line of lines(bytes)) {
    if (hasHeader) {
      const [key, value] = JSON.parse(line) as [string, unknown];
      // a text of its own: a part of the line would keep the line
      onEntry(key, value === undefined ? undefined : JSON.stringify(value));
    } else {
      const header: ContentHeader = JSON.parse(line);
      if (header.v !== 1) throw damaged(`its format is ${String(header.v)}, this release reads 1`);
      onHeader(header);
      hasHeader = true;
    }
    if (slices.isOver(2 * line.length)) await slices.pause();
  }
  if (!hasHeader) throw damaged('it is empty');
}

async function* lines(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<string> {
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const decoder = new TextDecoder();
  const reader = unzipped.getReader();
  let rest: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (done ? decoder.decode() : decoder.decode(value, { stream: true })).split('\n');
    rest.push(parts[0]!);
    for (let i = 1; i < parts.length; i++) {
      yield rest.join('');
      rest = [parts[i]!];
    }
    if (done) break;
  }
  const last = rest.join('');
  if (last !== '') throw damaged('its last line has no end');
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes));
  return `sha-256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function damaged(reason: string): ForeshardError {
  return new ForeshardError('damaged_checkpoint', `a checkpoint is damaged: ${reason}`);
}
