/** A move as the API tells it: hosts by name, times as texts, and how long it still takes. */
import { type Move, secondsLeft } from '@foreshard/core/migration';
import type { Host } from '@foreshard/core/topology';
import type { z } from 'zod';
import type { moveDocumentSchema } from './schemas.ts';

export function moveDocument(move: Move, hosts: readonly Host[]): z.output<typeof moveDocumentSchema> {
  const side = (id: number) => ({ host: id, name: hosts.find((h) => h.id === id)?.name ?? null });
  const { id, shardlet, kind, phase, result, order, orderReason, orderedBy, actor, reason } = move;
  const { bytes, records, bytesPerSecond, bytesPerSecondMax, obstacle, detail, worker } = move;
  return {
    ...{ id, shardlet, kind, from: side(move.source), to: side(move.dest), phase, result },
    ...{ order, orderReason, orderedBy, actor, reason },
    createdAt: new Date(move.createdAtMs).toISOString(),
    startedAt: timeOf(move.startedAtMs),
    endedAt: timeOf(move.endedAtMs),
    deadlineAt: timeOf(move.deadlineAtMs),
    ...{ bytes, records, bytesPerSecond, bytesPerSecondMax },
    lag: Math.max(0, move.sourceSeq - move.copiedSeq),
    secondsLeft: move.endedAtMs === null ? (secondsLeft(move) ?? null) : null,
    ...{ obstacle, detail, worker },
  };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
