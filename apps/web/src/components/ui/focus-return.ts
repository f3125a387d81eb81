/**
 * Where the focus goes when a dialog closes: back to what had it when the dialog opened, also where the dialog was opened
 * by an address or a row and has no trigger. Is that gone (an approved row), then to the content of the page, so that
 * the keyboard goes on there and not at the top of the document.
 */
import { useRef } from 'react';

export function useFocusReturn() {
  const before = useRef<Element | null>(null);
  return {
    onOpenAutoFocus() {
      before.current = document.activeElement;
    },
    onCloseAutoFocus(event: Event) {
      event.preventDefault();
      const target = placeToReturn(before.current, document);
      target?.focus({ preventScroll: target.id === 'content' });
    },
  };
}

export function placeToReturn(
  before: Element | null,
  page: Pick<Document, 'body' | 'getElementById'>,
): HTMLElement | null {
  const isThere = before !== null && before !== page.body && before.isConnected;
  return isThere ? (before as HTMLElement) : page.getElementById('content');
}
