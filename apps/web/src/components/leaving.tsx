'use client';

/**
 * Asks before somebody leaves a page with what is not saved: for a link, a key, the palette, and for the browser's own ways
 * out. Whoever navigates asks `mayLeave`; a page with something to lose answers by `LeaveWarning`.
 */
import type { Route } from 'next';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { Button } from './ui/button.tsx';
import { Dialog, DialogClose, DialogContent } from './ui/dialog.tsx';

const ASKED = 'foreshard:leave';
/** On a link that keeps what is not saved. */
export const KEEPS_UNSAVED = { 'data-keeps-unsaved': '' } as const;

/** Whether to go there now; `false`: somebody is asked first, and taken there if they want. */
export function mayLeave(href: string): boolean {
  return window.dispatchEvent(new CustomEvent(ASKED, { detail: href, cancelable: true }));
}

export function LeaveWarning({ unsaved }: { unsaved: string }) {
  const router = useRouter();
  const [href, setHref] = useState<string>();
  useLeaving(setHref);
  return (
    <Dialog open={href !== undefined} onOpenChange={() => setHref(undefined)}>
      <DialogContent title="Leave without saving?" description={`${unsaved} would be lost.`}>
        <div className="mt-5 flex justify-end gap-2">
          <Button
            look="danger"
            onClick={() => {
              setHref(undefined);
              router.push(href as Route);
            }}
          >
            Leave without saving
          </Button>
          <DialogClose asChild>
            <Button look="primary">Stay on this page</Button>
          </DialogClose>
        </div>
      </DialogContent>
    </Dialog>
  );
}

function useLeaving(onAsked: (href: string) => void): void {
  useEffect(() => {
    const stop = new AbortController();
    const ways = { signal: stop.signal, capture: true };
    window.addEventListener('beforeunload', (event) => event.preventDefault(), ways);
    window.addEventListener(
      ASKED,
      (event) => {
        event.preventDefault();
        onAsked((event as CustomEvent<string>).detail);
      },
      ways,
    );
    document.addEventListener(
      'click',
      (event) => {
        const target = linkTo(event);
        if (target === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        onAsked(target);
      },
      ways,
    );
    return () => stop.abort();
  }, [onAsked]);
}

/** Where a click leads in this tab; undefined: it stays on the page, or leaves the page open. */
function linkTo(event: MouseEvent): string | undefined {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || event.button !== 0) return undefined;
  if (event.ctrlKey || event.metaKey || event.shiftKey || link.target === '_blank') return undefined;
  const { origin, pathname, search, hash } = new URL(link.href);
  const isElsewhere = origin === location.origin && pathname !== location.pathname;
  return isElsewhere && !('keepsUnsaved' in link.dataset) ? `${pathname}${search}${hash}` : undefined;
}
