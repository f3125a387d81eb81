'use client';

/**
 * Single keys for what is done often. They rest while something is being typed or a dialog is open, and
 * can be switched off (WCAG 2.1.4): speech input may press keys by accident.
 */
import { Keyboard } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTheme } from 'next-themes';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { cn } from '../class-names.ts';
import { mayLeave } from '../leaving.tsx';
import { useLive } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogContent, DialogTrigger } from '../ui/dialog.tsx';
import { useZone, zoneAfter } from '../zone.tsx';
import { PAGES } from './pages.ts';

const OFF_KEY = 'foreshard.shortcuts';
const CHORD_MS = 1_200;

export function ShortcutsDialog({ className }: { className?: string }) {
  const [open, setOpen] = useState(false);
  const [enabled, setEnabled] = useState(true);
  useEffect(() => setEnabled(localStorage.getItem(OFF_KEY) !== 'off'), []);
  useShortcuts(enabled, () => setOpen(true));
  function toggle(on: boolean) {
    setEnabled(on);
    localStorage.setItem(OFF_KEY, on ? 'on' : 'off');
  }
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button look="quiet" size="icon" className={className} aria-label="Keyboard shortcuts">
          <Keyboard />
        </Button>
      </DialogTrigger>
      <DialogContent title="Keyboard shortcuts">
        <dl className="mt-4 grid gap-2">
          {PAGES.map((page) => (
            <Row key={page.key} keys={['G', page.key.toUpperCase()]}>
              Go to {page.name}
            </Row>
          ))}
          <Row keys={['Ctrl', 'K']}>Search and commands</Row>
          <Row keys={['P']}>Pause or resume the live picture</Row>
          <Row keys={['T']}>Light or dark</Row>
          <Row keys={['Z']}>Local time, UTC, or how long ago</Row>
          <Row keys={['?']}>This list</Row>
        </dl>
        <label className="mt-5 flex items-center gap-2.5 border-line border-t pt-4 text-sm text-soft">
          <input
            type="checkbox"
            checked={enabled}
            onChange={(e) => toggle(e.target.checked)}
            className="size-4 accent-(--accent)"
          />
          Single keys are on
        </label>
      </DialogContent>
    </Dialog>
  );
}

function Row({ keys, children }: { keys: readonly string[]; children: ReactNode }) {
  return (
    <div className="flex items-center justify-between text-sm">
      <dt>{children}</dt>
      <dd className="flex gap-1">
        {keys.map((key) => (
          <kbd
            key={key}
            className={cn(
              'grid h-6 min-w-6 place-items-center rounded-sm border border-line-strong bg-sunken px-1.5',
              'font-mono text-xs text-soft',
            )}
          >
            {key}
          </kbd>
        ))}
      </dd>
    </div>
  );
}

function useShortcuts(enabled: boolean, showHelp: () => void): void {
  const router = useRouter();
  const { resolvedTheme, setTheme } = useTheme();
  const { zone, setZone } = useZone();
  const { status, setPaused } = useLive();
  const chordUntil = useRef(0);

  const actions: Record<string, () => void> = {
    '?': showHelp,
    p: () => setPaused(status !== 'paused'),
    t: () => setTheme(resolvedTheme === 'dark' ? 'light' : 'dark'),
    z: () => setZone(zoneAfter(zone)),
    g: () => (chordUntil.current = performance.now() + CHORD_MS),
  };
  function press(key: string): boolean {
    const page = performance.now() < chordUntil.current && PAGES.find((p) => p.key === key);
    chordUntil.current = 0;
    if (!page) actions[key]?.();
    else if (mayLeave(page.href)) router.push(page.href);
    return Boolean(page) || key in actions;
  }
  const latest = useRef(press);
  latest.current = press;

  useEffect(() => {
    if (!enabled) return;
    function onKeyDown(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target))
        return;
      if (latest.current(event.key.length === 1 ? event.key.toLowerCase() : event.key))
        event.preventDefault();
    }
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [enabled]);
}

function isBusy(target: EventTarget | null): boolean {
  const typing =
    target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
  return typing || document.querySelector('[role="dialog"], [role="menu"]') !== null;
}
