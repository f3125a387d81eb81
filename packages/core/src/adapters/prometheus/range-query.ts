/**
 * Load out of Prometheus, by its documented HTTP API (`/api/v1/query_range`): one series for each partition, whose
 * labels say which partition it is and where it lies. Whatever is wrong is told in one line, for a person who has to
 * mend a query.
 */
import { z } from 'zod';
import { type LoadRow, type PrometheusSource, RATE_MAX } from '../../external/index.ts';
import { RequestFailed, request } from '../outgoing-http/index.ts';
import type { AddressGuard } from '../webhooks/index.ts';

export interface RangeQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** Whoever may add a cluster makes the worker connect somewhere. */
type Guard = Pick<AddressGuard, 'lookup' | 'objectionToHost'>;

/** Prometheus answers at most 11,000 points of a series. */
const STEPS_MAX = 10_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** A day by minutes of 1,000 partitions is 36 MB; read as JSON it takes ten times that for a moment. */
const ANSWER_BYTES_MAX = 40_000_000;
const PARTS_WHEN_TOO_LARGE = 10;

const answerSchema = z.object({
  status: z.enum(['success', 'error']),
  error: z.string().optional(),
  data: z
    .object({
      resultType: z.string(),
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          values: z.array(z.tuple([z.number(), z.string()])),
        }),
      ),
    })
    .optional(),
});
type Series = NonNullable<z.infer<typeof answerSchema>['data']>['result'][number];

/** @throws Error with one line that says what is wrong */
export async function readPrometheus(
  source: PrometheusSource,
  range: RangeQuery,
  guard: Guard,
): Promise<LoadRow[]> {
  const rows = new Map<string, LoadRow>();
  let steps = STEPS_MAX;
  for (let fromMs = range.fromMs; fromMs < range.toMs; ) {
    const beyondMs = Math.min(range.toMs, fromMs + steps * range.stepMs);
    const answer = await ask(source, { ...range, fromMs, toMs: beyondMs - 1 }, guard).catch(
      (error) => error as Error,
    );
    if (Array.isArray(answer)) {
      for (const series of answer) addTo(rows, series, source);
      fromMs = beyondMs;
    } else if (isTooLarge(answer) && steps > 1) steps = Math.ceil(steps / PARTS_WHEN_TOO_LARGE);
    else throw answer;
  }
  return [...rows.values()];
}

/** Of more partitions fewer steps fit into one answer. */
function isTooLarge({ cause }: Error): boolean {
  return cause instanceof RequestFailed && cause.kind === 'too-large';
}

async function ask(
  source: PrometheusSource,
  { fromMs, toMs, stepMs }: RangeQuery,
  guard: Guard,
): Promise<Series[]> {
  const url = new URL(source.url);
  // a number is connected to without being looked up
  const objection = guard.objectionToHost(url.hostname);
  if (objection !== undefined) throw new Error(`the address of Prometheus: ${objection}`);
  const { username, password } = url;
  url.username = url.password = '';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query_range`;
  const body = new URLSearchParams({
    query: source.query,
    start: String(fromMs / 1_000),
    end: String(toMs / 1_000),
    step: String(stepMs / 1_000),
  });
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  const { status: code, text } = await request(url, {
    method: 'POST',
    lookup: guard.lookup,
    keepsConnection: true,
    body: body.toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(username === '' ? {} : { authorization: `Basic ${login}` }),
    },
    timeoutMs: ANSWER_TIMEOUT_MS,
    bytesMax: ANSWER_BYTES_MAX,
  }).catch((error: Error) => {
    throw new Error(`${url.host} does not answer: ${error.message}`, { cause: error });
  });
  if (code >= 300 && code < 400)
    throw new Error(`${url.host} does not answer: ${code} is a redirect; give the address it leads to`);
  const parsed = answerSchema.safeParse(parsedJson(text));
  if (!parsed.success) throw new Error(`${url.host} answers ${code}, and not as Prometheus does`);
  const { status, error, data } = parsed.data;
  if (status === 'error' || data === undefined) throw new Error(`${url.host}: ${error ?? 'no data'}`);
  if (data.resultType !== 'matrix')
    throw new Error(`the query gives a ${data.resultType}, not series over time`);
  return data.result;
}

function addTo(
  rows: Map<string, LoadRow>,
  { metric, values }: Series,
  { partitionLabel, hostLabel }: PrometheusSource,
): void {
  const [partition, host] = [metric[partitionLabel], metric[hostLabel]];
  const missing = partition === undefined ? partitionLabel : hostLabel;
  if (partition === undefined || host === undefined)
    throw new Error(
      `a series of the query has no label "${missing}"; it has ${Object.keys(metric).join(', ') || 'none'}`,
    );
  for (const [seconds, text] of values) {
    const eventsPerSecond = Number(text);
    // a rate over a gap
    if (!(eventsPerSecond >= 0 && eventsPerSecond <= RATE_MAX)) continue;
    const timeMs = Math.round(seconds * 1_000);
    const key = `${timeMs} ${partition}`;
    const before = rows.get(key);
    const isMore = before === undefined || eventsPerSecond > before.eventsPerSecond;
    // while it moves a partition has load at both: it is counted once, where there is more of it
    rows.set(key, {
      ...{ timeMs, partition, bytesPerSecond: null, bytes: null },
      host: isMore ? host : before.host,
      eventsPerSecond: eventsPerSecond + (before?.eventsPerSecond ?? 0),
    });
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
