'use client';

import { ChevronLeft, ChevronRight } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { formatCount } from '../../formatting/numbers.ts';

export function Pager({ page, pages, onPage }: { page: number; pages: number; onPage(page: number): void }) {
  if (pages === 1) return null;
  return (
    <nav
      aria-label="Pages of the table"
      className="flex items-center justify-end gap-2 border-line border-t px-5 py-3"
    >
      <p className="tabular mr-2 text-sm text-soft">
        Page {formatCount(page)} of {formatCount(pages)}
      </p>
      <Button size="icon" disabled={page <= 1} onClick={() => onPage(page - 1)} aria-label="Previous page">
        <ChevronLeft />
      </Button>
      <Button size="icon" disabled={page >= pages} onClick={() => onPage(page + 1)} aria-label="Next page">
        <ChevronRight />
      </Button>
    </nav>
  );
}
