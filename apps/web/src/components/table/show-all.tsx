'use client';

import { formatCount } from '../../formatting/numbers.ts';
import { Button } from '../ui/button.tsx';

/** More rows make a page slow and are read by nobody; whoever wants them all can have them. */
export const ROWS_AT_FIRST = 100;

/** Says what is not shown, and shows it. */
export function ShowAll({ hidden, onAll }: { hidden: number; onAll(): void }) {
  if (hidden === 0) return null;
  return (
    <div className="border-line border-t px-5 py-3 text-center">
      <Button look="quiet" onClick={onAll}>
        Show {formatCount(hidden)} more
      </Button>
    </div>
  );
}
