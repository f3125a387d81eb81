'use client';

import { annotations as orders } from '@foreshard/core/operations';
import { Flag, Trash2 } from 'lucide-react';
import { MayButton } from '../../components/may-button.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMoment, type Zone } from '../../formatting/time.ts';
import { type ShownAnnotation, useRemoval } from './use-annotations.ts';

/** Annotations in words, each with who wrote it and the way to remove it. */
export function AnnotationList({
  list,
  keysOf = () => undefined,
}: {
  list: readonly ShownAnnotation[];
  /** the keys it is about, in words; undefined: it says nothing about keys */
  keysOf?(annotation: ShownAnnotation): string | undefined;
}) {
  const { zone } = useZone();
  const remove = useRemoval();
  return (
    <ul aria-label="Annotations" className="grid gap-2 text-sm">
      {list.map((one) => {
        const keys = keysOf(one);
        return (
          <li key={one.id} className="flex items-start gap-2">
            <Flag aria-hidden className="mt-0.5 size-3.5 shrink-0 text-accent" />
            <div className="min-w-0 flex-1">
              <p className="break-words font-medium">{one.text}</p>
              <p className="text-soft text-xs">
                {timeWords(one, zone)}
                {keys === undefined ? '' : `, ${keys}`}
              </p>
              <p className="text-faint text-xs">by {one.createdBy}</p>
            </div>
            <MayButton
              may={orders.remove}
              look="quiet"
              size="icon"
              aria-label={`Remove ${one.text}`}
              onClick={() => remove.mutate({ id: one.id })}
            >
              <Trash2 />
            </MayButton>
          </li>
        );
      })}
    </ul>
  );
}

export function timeWords({ from, to }: Pick<ShownAnnotation, 'from' | 'to'>, zone: Zone): string {
  const start = formatMoment(Date.parse(from), zone);
  return from === to ? start : `${start} to ${formatMoment(Date.parse(to), zone)}`;
}
