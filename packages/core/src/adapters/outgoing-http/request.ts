/**
 * Every request to an address that people give: Prometheus, webhooks, push, the edge of a console. Whoever answers there
 * is not trusted, so an answer has an end (in bytes, unpacked, and in time) and redirects are not followed.
 *
 * Not Node's own `fetch`: the undici in Node 24 (7.29) ends the whole process by an assertion that nobody can catch when
 * a packed answer is cut off. Here the package undici brings the bytes, and zlib unpacks them with a limit.
 */
import type { LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Agent, type Dispatcher } from 'undici';

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** from the first byte sent to the last one received */
  readonly timeoutMs: number;
  /** of the answer, unpacked */
  readonly bytesMax: number;
  /** An answer above `bytesMax` fails, or only its beginning is kept, as it came (never unpacked). */
  readonly whenLarger?: 'fail' | 'cut';
  readonly signal?: AbortSignal | undefined;
  /** in the place of `dns.lookup`, for addresses that are checked */
  readonly lookup?: LookupFunction;
  /** with `lookup`: the connection stays for further requests that are checked by the same; else it serves this one only */
  readonly keepsConnection?: boolean;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly text: string;
  readonly contentType: string | undefined;
}

export type FailureKind = 'timeout' | 'too-large' | 'broken';

/** The message is the reason, without the address. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

interface Failure extends Error {
  readonly code?: string;
  readonly errors?: readonly NodeJS.ErrnoException[];
}

const unpack = promisify(gunzip);
const shared = new Agent();

/** @throws RequestFailed, with what `lookup` refused as its cause; or the reason of `signal` */
export async function request(url: string | URL, options: OutgoingRequest): Promise<OutgoingAnswer> {
  const { signal, timeoutMs } = options;
  const [agent, isKept] = agentFor(options);
  const patience = AbortSignal.timeout(timeoutMs);
  try {
    const either = signal === undefined ? patience : AbortSignal.any([signal, patience]);
    return await exchange(agent, new URL(url), options, either);
  } catch (error) {
    signal?.throwIfAborted();
    throw failureOf(error as Failure, timeoutMs, patience.aborted);
  } finally {
    if (!isKept) void agent.destroy();
  }
}

/** by what checks the addresses of their connections */
const checked = new WeakMap<LookupFunction, Agent>();

function agentFor({ lookup, keepsConnection = false }: OutgoingRequest): [agent: Agent, isKept: boolean] {
  if (lookup === undefined) return [shared, true];
  const agent = checked.get(lookup) ?? new Agent({ connect: { lookup } });
  if (keepsConnection) checked.set(lookup, agent);
  return [agent, checked.has(lookup)];
}

async function exchange(
  agent: Agent,
  { origin, pathname, search }: URL,
  { method, headers, body, timeoutMs, bytesMax, whenLarger = 'fail' }: OutgoingRequest,
  signal: AbortSignal,
): Promise<OutgoingAnswer> {
  const { statusCode, ...answer } = await agent.request({
    ...{ origin, path: pathname + search, method, signal },
    ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
    headers: { 'accept-encoding': whenLarger === 'fail' ? 'gzip' : 'identity', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const bytes = await firstBytes(answer.body, bytesMax + 1);
  const contentType = answer.headers['content-type']?.toString();
  if (whenLarger === 'cut')
    return { status: statusCode, text: bytes.toString('utf8', 0, bytesMax), contentType };
  if (bytes.length > bytesMax) throw tooLarge(bytesMax);
  const plain = await unpacked(bytes, answer.headers['content-encoding'], bytesMax);
  return { status: statusCode, text: plain.toString(), contentType };
}

/** No more than `length` bytes; the rest of the answer is not waited for. */
async function firstBytes(body: Dispatcher.ResponseData['body'], length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    read += chunk.length;
    if (read >= length) break;
  }
  return Buffer.concat(chunks).subarray(0, length);
}

async function unpacked(
  bytes: Buffer,
  encoding: string | string[] | undefined,
  bytesMax: number,
): Promise<Buffer> {
  const name = String(encoding ?? 'identity').toLowerCase();
  if (name === 'identity' || bytes.length === 0) return bytes;
  if (name !== 'gzip' && name !== 'x-gzip')
    throw new RequestFailed('broken', `the answer is packed as "${name}", which was not asked for`);
  return unpack(bytes, { maxOutputLength: bytesMax }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax);
    throw new RequestFailed('broken', `the answer is not valid gzip: ${error.message}`, { cause: error });
  });
}

function tooLarge(bytesMax: number): RequestFailed {
  return new RequestFailed('too-large', `the answer is larger than ${bytesMax / 1_000_000} MB`);
}

function failureOf(error: Failure, timeoutMs: number, late: boolean): RequestFailed {
  if (error instanceof RequestFailed) return error;
  if (late || /TIMEOUT/.test(error.code ?? ''))
    return new RequestFailed('timeout', `no complete answer within ${timeoutMs / 1_000} s`, { cause: error });
  // a name with several addresses fails with one error for each
  const first: NodeJS.ErrnoException = error.errors?.[0] ?? error;
  return new RequestFailed('broken', first.message || first.code || first.name, { cause: first });
}
