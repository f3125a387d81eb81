'use client';

/**
 * A shardlet that is dragged over the hosts with a mouse or a pen; a finger scrolls, and the card of a pinned shardlet
 * offers the same. It is over when the button is let go, or by Escape.
 */
import { type MouseEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { hostIndexAt, type Layout, shardletAt } from './layout.ts';
import { hostIndexOf, type ShardCells } from './shard-cells.ts';

export interface Drag {
  readonly index: number;
  /** in the plot, CSS pixels */
  readonly x: number;
  readonly y: number;
  /** below the pointer and not its own */
  readonly host: number | undefined;
}

/** A hand that clicks moves a little too. */
const DISTANCE_MIN = 6;

export function useDrag(layout: Layout, cells: ShardCells, onDrop: (index: number, host: number) => void) {
  const pressed = useRef<{ index: number; x: number; y: number }>(undefined);
  const wasDragged = useRef(false);
  const [drag, setDrag] = useState<Drag>();
  useEffect(() => {
    if (drag === undefined) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') end();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });

  function end() {
    pressed.current = undefined;
    setDrag(undefined);
  }
  const handlers = {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      wasDragged.current = false;
      if (event.button !== 0 || event.pointerType === 'touch') return;
      const { x, y } = placeOf(event);
      const index = shardletAt(layout, cells, x, y);
      if (index !== undefined) pressed.current = { index, x, y };
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      if (pressed.current === undefined) return;
      const { index } = pressed.current;
      const { x, y } = placeOf(event);
      const isFar = Math.hypot(x - pressed.current.x, y - pressed.current.y) >= DISTANCE_MIN;
      if (drag === undefined && !isFar) return;
      if (drag === undefined) event.currentTarget.setPointerCapture(event.pointerId);
      wasDragged.current = true;
      const host = hostIndexAt(layout, x, y);
      setDrag({ index, x, y, host: host === hostIndexOf(cells, index) ? undefined : host });
    },
    onPointerUp() {
      if (drag?.host !== undefined) onDrop(drag.index, drag.host);
      end();
    },
    onPointerCancel: end,
    /** the browser tells a click after a drag as well */
    onClickCapture(event: MouseEvent) {
      if (wasDragged.current) event.stopPropagation();
      wasDragged.current = false;
    },
  };
  return { drag, handlers };
}

function placeOf(event: PointerEvent<HTMLElement>): { x: number; y: number } {
  const box = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
