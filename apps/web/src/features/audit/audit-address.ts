'use client';

/** What the audit page shows, all of it in the address. */
import { AUDIT_OUTCOMES } from '@foreshard/core/audit';
import { RESOURCES } from '@foreshard/core/operations';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';

const HOUR_MS = 3_600_000;
export const BACK = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
  '30d': 720 * HOUR_MS,
} as const;
export const BACK_CHOICES = ['1h', '24h', '7d', '30d', 'all', 'set'] as const;
export type Back = (typeof BACK_CHOICES)[number];

export function useAuditAddress() {
  return useQueryStates(
    {
      actor: parseAsString,
      operation: parseAsString,
      resource: parseAsStringLiteral(RESOURCES),
      outcome: parseAsStringLiteral(AUDIT_OUTCOMES),
      text: parseAsString,
      back: parseAsStringLiteral(BACK_CHOICES).withDefault('7d'),
      /** with back=set */
      since: parseAsString,
      until: parseAsString,
      cursor: parseAsString,
      /** the record that is open */
      record: parseAsString,
    },
    { history: 'push' },
  );
}
export type AuditAddress = ReturnType<typeof useAuditAddress>[0];

/** As the operation is asked; what is not set is left out. */
export function questionOf(address: AuditAddress, nowMs: number) {
  const { actor, operation, resource, outcome, text, back, since, until } = address;
  const from = back === 'set' ? since : back === 'all' ? null : new Date(nowMs - BACK[back]).toISOString();
  return {
    ...(actor === null ? {} : { actor }),
    ...(operation === null ? {} : { operation }),
    ...(resource === null ? {} : { resource }),
    ...(outcome === null ? {} : { outcome }),
    ...(text === null ? {} : { text }),
    ...(from === null ? {} : { from }),
    ...(back === 'set' && until !== null ? { to: until } : {}),
  };
}
export type AuditQuestion = ReturnType<typeof questionOf>;

export function exportUrl(question: AuditQuestion, format: 'ndjson' | 'csv'): string {
  return `/api/audit/export?${new URLSearchParams({ format, ...question })}`;
}

/** Is anything but the time narrowed? */
export function isFiltered({ actor, operation, resource, outcome, text }: AuditAddress): boolean {
  return [actor, operation, resource, outcome, text].some((one) => one !== null);
}
