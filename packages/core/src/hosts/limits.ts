/** Constants of the host operations, and the reasons for them. */
import { MICROS_PER_SECOND } from '../kernel/index.ts';

/** An edge's time is believed within this distance of the host's clock: a wrong edge clock does no more harm. */
export const EDGE_CLOCK_TOLERANCE_MICROS = MICROS_PER_SECOND;

/**
 * How far the frontier's promise stays behind the host's clock. Every append after a promise gets a higher
 * ts, so a promise at the clock itself would push timestamps ahead of time.
 */
export const FRONTIER_LAG_MICROS = 2_000;

/**
 * A promise that is younger is used again, by whoever asks, where a new one holds appends up (PostgreSQL). Below what a
 * page at the head of the log waits for promises.
 */
export const PROMISE_AGE_MICROS = 50_000;

/** Ids of one replica's current set; above it new events are refused, none is forgotten. */
export const IDS_PER_SET_MAX = 4_000_000;

/** A restructure waits while a child would refer to more sets than this: each costs a look-up per event. */
export const INHERITED_ID_SETS_MAX = 16;

/** The part of the identity that id sets keep: words 1 and 2 without the last byte (frame bytes [12, 19)). */
export const ID_FIELD = Object.freeze({ from: 12, to: 19 });

/** Edges stop appends at this share of a host's memory, so that control operations always find room. */
export const APPEND_MEMORY_SHARE_MAX = 0.9;

export const DEDUP_WINDOW_DEFAULT_MICROS = 15 * 60 * MICROS_PER_SECOND;
export const DEDUP_LEAD_MICROS = 60 * MICROS_PER_SECOND;
