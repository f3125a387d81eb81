/**
 * Returns the focus when a dialog closes: to the element that had it before, even if an address or a row opened the dialog
 * and it has no trigger. If that element is gone (an approved row), the content of the page gets the focus, so the keyboard
 * does not start again at the top of the document.
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
