/** Reads the log back, from before the first event of a replay to the head, and checks what is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ForeshardError, type Page, type Reader } from '@foreshard/client/source';
import { asFailure, reasonOf } from '../events/edge.ts';
import { CommandFailure } from '../failure.ts';
import { ReadBack, type ReadBackReport } from './read-back.ts';
import type { ReplayState } from './replay-state.ts';

const PAGE_EVENTS = 10_000;
/** At the head, how long to wait for rows that are acknowledged and not there yet: hosts' clocks may differ. */
const MISSING_PATIENCE_MS = 5_000;
/** How long an edge or a host may be away before reading ends. */
const AWAY_PATIENCE_MS = 60_000;
const WAIT_MS = 1_000;
const RETRY_PAUSE_MS = 500;

export interface VerifyParts {
  readonly reader: Pick<Reader, 'page'>;
  readonly signal: AbortSignal;
  readonly onProgress: (stored: number) => void;
}

/** @throws CommandFailure when the log cannot be read to its head */
export async function verify(
  { stream, source, from: start, acknowledged, leftOut }: ReplayState,
  { reader, signal, onProgress }: VerifyParts,
): Promise<ReadBackReport> {
  const readBack = new ReadBack(source, acknowledged, leftOut);
  let from = start;
  let headAtMs: number | undefined;
  let progressAtMs = performance.now();
  for (;;) {
    const query = { stream, from, limit: PAGE_EVENTS, waitMs: headAtMs === undefined ? 0 : WAIT_MS };
    const page = await reader.page({ ...query, signal }).catch(awayOr);
    const nowMs = performance.now();
    const awaited = typeof page === 'string' ? page : awaitedBy(page);
    if (typeof page !== 'string') {
      for (const event of page.events) readBack.see(event);
      from = page.next;
      if (page.events.length > 0) progressAtMs = nowMs;
      onProgress(readBack.stored);
      if (page.atHead && awaited === '') {
        headAtMs ??= nowMs;
        const mayCome = readBack.stored < acknowledged - leftOut && nowMs - headAtMs < MISSING_PATIENCE_MS;
        if (!mayCome) return readBack.report();
      }
    }
    if (awaited === '') continue;
    if (nowMs - progressAtMs > AWAY_PATIENCE_MS)
      throw new CommandFailure(`the log cannot be read to its head: ${awaited}`);
    await sleep(RETRY_PAUSE_MS, undefined, { signal });
  }
}

function awayOr(error: unknown): string {
  if (error instanceof ForeshardError && error.isPassing) return reasonOf(error);
  throw asFailure(error);
}

/** The hosts that hold the log up, as a reason; empty when none does. */
function awaitedBy({ waitingFor = [] }: Page): string {
  if (waitingFor.length === 0) return '';
  return `${waitingFor.map(({ host, name }) => name ?? `host ${host}`).join(', ')} does not answer`;
}
