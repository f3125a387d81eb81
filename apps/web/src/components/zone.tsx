'use client';

/** The time zone in which moments are written: a habit of the reader, so it is kept in the browser. */
import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { ZONES, type Zone } from '../formatting/time.ts';

const KEY = 'foreshard.zone';
const listeners = new Set<() => void>();

const ZoneContext = createContext<{ zone: Zone; setZone(zone: Zone): void }>({ zone: 'local', setZone() {} });

export function ZoneProvider({ children }: { children: ReactNode }) {
  const zone = useSyncExternalStore(subscribe, read, () => 'local' as const);
  const value = useMemo(() => ({ zone, setZone: write }), [zone]);
  return <ZoneContext value={value}>{children}</ZoneContext>;
}

export function useZone() {
  return useContext(ZoneContext);
}

function read(): Zone {
  const kept = localStorage.getItem(KEY);
  return ZONES.find((zone) => zone === kept) ?? 'local';
}

/** local, UTC, distances, and again */
export function zoneAfter(zone: Zone): Zone {
  return ZONES[(ZONES.indexOf(zone) + 1) % ZONES.length]!;
}

function write(zone: Zone): void {
  localStorage.setItem(KEY, zone);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}
