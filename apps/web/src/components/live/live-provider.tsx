'use client';

/**
 * One subscription per tab feeds every page. It says of itself whether it is live, paused or stale, and it
 * comes back by itself: the browser's EventSource reconnects after a broken connection but gives up after
 * an error status, and tRPC's client has left ended streams idle (trpc#7094), so a watchdog subscribes
 * anew whenever nothing has come for a while. The first update of a subscription brings the whole window,
 * so a reconnect leaves no hole.
 *
 * A tab that nobody sees lets go of its connection: a browser opens only six to one server, and the
 * seventh tab would wait for ever.
 */
import { useSubscription } from '@trpc/tanstack-react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useReducer, useState } from 'react';
import { useTRPC, useTRPCClient } from '../api.ts';
import { useVisible } from '../use-visible.ts';
import { type Feed, type LiveStatus, NO_FEED, nextFeed, STALE_AFTER_MS, statusOf } from './feed.ts';

const WATCH_MS = 1_000;
const RESUBSCRIBE_AFTER_MS = 8_000;
/** An ended subscription says so, and need not be waited for. */
const RESUBSCRIBE_ENDED_MS = 2_000;

interface Live extends Feed {
  readonly status: LiveStatus;
  /** how old the picture is; 0 while it is live */
  readonly staleMs: number;
  /** the moment the picture speaks of, running on while it is stale */
  readonly nowMs: number;
  setPaused(paused: boolean): void;
}

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [paused, setPaused] = useState(false);
  const visible = useVisible();
  const listening = visible && !paused;
  const [feed, onUpdate] = useReducer(nextFeed, NO_FEED);
  const { reset, status: connection } = useSubscription(
    trpc.overview.live.subscriptionOptions(undefined, {
      enabled: listening,
      onData: (update) => onUpdate({ update, receivedMs: performance.now() }),
    }),
  );
  const ageMs = useAge(feed.receivedMs, listening);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each update restarts the wait
  useEffect(() => {
    if (!listening) return;
    const ended = connection === 'idle' || connection === 'error';
    // the browser does not tell why a stream was refused; a call that finds nobody signed in leads to the sign-in
    if (ended) client.session.mine.query().catch(() => {});
    const timer = setInterval(reset, ended ? RESUBSCRIBE_ENDED_MS : RESUBSCRIBE_AFTER_MS);
    return () => clearInterval(timer);
  }, [listening, reset, connection, feed.receivedMs, client]);

  const value = useMemo((): Live => {
    const staleMs = Math.max(ageMs > STALE_AFTER_MS ? ageMs : 0, feedStaleMs(feed));
    return {
      ...feed,
      status: statusOf(feed, paused, staleMs),
      staleMs,
      nowMs: nowOf(feed, ageMs, paused),
      setPaused,
    };
  }, [feed, paused, ageMs]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive is used outside of LiveProvider');
  return live;
}

/** Age of the last update in whole seconds of ticking; it only makes a page render while nothing comes. */
function useAge(receivedMs: number | undefined, listening: boolean): number {
  const [age, setAge] = useState(0);
  useEffect(() => {
    setAge(0);
    if (!listening || receivedMs === undefined) return;
    const timer = setInterval(() => setAge(performance.now() - receivedMs), WATCH_MS);
    return () => clearInterval(timer);
  }, [receivedMs, listening]);
  return age;
}

function feedStaleMs(feed: Feed): number {
  const age = feed.frame?.feedAgeMs ?? 0;
  return age > STALE_AFTER_MS * 2 ? age : 0;
}

function nowOf(feed: Feed, ageMs: number, paused: boolean): number {
  return (feed.frame?.atMs ?? 0) + (paused ? 0 : ageMs);
}
