'use client';

import { Flag, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useZone } from '../../components/zone.tsx';
import { AnnotationList, timeWords } from '../annotations/annotation-list.tsx';
import type { ShownAnnotation } from '../annotations/use-annotations.ts';
import { type AnnotationFlag, annotationBoxes, annotationFlags } from './heat-annotations.ts';
import type { HeatCells } from './heat-cells.ts';
import type { View } from './heat-view.ts';

const percent = (share: number) => `${share * 100}%`;

/** Outlines of what was annotated, which change no colour below them, and flags that open to the words. */
export function AnnotationLayer(props: {
  list: readonly ShownAnnotation[];
  cells: HeatCells;
  view: View;
  width: number;
  keysOf(annotation: ShownAnnotation): string | undefined;
}) {
  const { list, cells, view, width, keysOf } = props;
  const boxes = annotationBoxes(list, cells, view);
  return (
    <div className="pointer-events-none absolute inset-0">
      {boxes.map(({ annotation, left, right, top, bottom }) => (
        <span
          key={annotation.id}
          aria-hidden
          className="absolute border-white border-x-2 outline-1 outline-black/70"
          style={{
            ...{ left: percent(left), top: percent(top), height: percent(bottom - top) },
            width: `max(3px, ${percent(right - left)})`,
            ...(annotation.range === null ? {} : { borderBlock: '2px solid white' }),
          }}
        />
      ))}
      {width === 0
        ? null
        : annotationFlags(boxes, width).map((flag) => (
            <FlagButton key={flag.annotations[0]!.id} flag={flag} keysOf={keysOf} />
          ))}
    </div>
  );
}

function FlagButton({
  flag: { x, annotations },
  keysOf,
}: {
  flag: AnnotationFlag<ShownAnnotation>;
  keysOf(annotation: ShownAnnotation): string | undefined;
}) {
  const { zone } = useZone();
  const [first] = annotations as [ShownAnnotation];
  const seen = annotations.length === 1 ? 'Annotation' : `${annotations.length} annotations`;
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`${seen}: ${first.text}, ${timeWords(first, zone)}`}
        title={annotations.map(({ text }) => text).join('\n')}
        className="pointer-events-auto absolute bottom-1 flex h-6 max-w-40 items-center gap-1 rounded-sm bg-surface px-1.5 font-medium text-2xs text-text ring-1 ring-line-strong hover:bg-hover"
        style={x > 0.8 ? { right: percent(1 - x) } : { left: percent(x) }}
      >
        <Flag aria-hidden className="size-3 shrink-0 text-accent" />
        <span className="truncate">{annotations.length === 1 ? first.text : seen}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label="Annotations here"
          side="top"
          sideOffset={6}
          collisionPadding={12}
          className="z-30 max-h-80 w-72 animate-fade overflow-y-auto rounded-md border border-line bg-surface p-4 pr-10 shadow-raised"
        >
          <AnnotationList list={annotations} keysOf={keysOf} />
          <Popover.Close
            aria-label="Close"
            className="absolute top-2.5 right-2.5 grid size-7 place-items-center rounded-md text-faint hover:bg-hover hover:text-text"
          >
            <X className="size-4" />
          </Popover.Close>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
