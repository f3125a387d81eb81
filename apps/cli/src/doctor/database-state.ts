/**
 * What is wrong with the topology store's database at this moment, beside its settings: time, sessions, locks, a
 * restored topology store.
 */

import { type Finding, ok, problem, warning } from '@foreshard/core/hosts';
import { Client } from 'pg';

const CONNECT_WITHIN_MS = 5_000;
const CLOCK_DIFFERENCE_MAX_MS = 1_000;
const SESSIONS_SHARE_MAX = 0.8;
/** A decision takes milliseconds; whoever waits this long is held up by somebody. */
const WAIT_SECONDS_MAX = 10;
const IDLE_SECONDS_MAX = 60;

/** The database itself is sound: hosts can be looked at all the same. */
export const STANDS_STILL =
  'The topology store decides nothing: it was restored from a backup, or another control plane uses its hosts, and it may have lost what hosts have done';

interface State {
  readonly now_ms: number;
  readonly sessions: number;
  readonly sessions_max: number;
  readonly waiting: number;
  readonly idle: number;
  readonly restored: boolean;
}

export async function examineState(subject: string, databaseUrl: string): Promise<Finding[]> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    const before = Date.now();
    const { rows } = await client.query<State>(
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms,
         (SELECT restored IS NOT NULL FROM clock) AS restored,
         current_setting('max_connections')::int AS sessions_max,
         count(*)::int AS sessions,
         (count(*) FILTER (WHERE wait_event_type = 'Lock'
            AND now() - query_start > make_interval(secs => $1)))::int AS waiting,
         (count(*) FILTER (WHERE state LIKE 'idle in transaction%'
            AND now() - state_change > make_interval(secs => $2)))::int AS idle
       FROM pg_stat_activity`,
      [WAIT_SECONDS_MAX, IDLE_SECONDS_MAX],
    );
    return judgeState(subject, rows[0]!, before, Date.now());
  } finally {
    await client.end().catch(() => {});
  }
}

export function judgeState(subject: string, state: State, beforeMs: number, afterMs: number): Finding[] {
  return [
    state.restored
      ? problem(
          subject,
          STANDS_STILL,
          'if another control plane uses its hosts, stop one of the two; then run "foreshard doctor --after-restore" on the one that goes on',
        )
      : ok(subject, 'The topology store decides'),
    clockFinding(subject, state.now_ms, beforeMs, afterMs),
    sessionsFinding(subject, state),
    state.waiting + state.idle === 0
      ? ok(subject, 'nobody holds a lock for long')
      : warning(
          subject,
          `${state.waiting} sessions wait for a lock for over ${WAIT_SECONDS_MAX} s, ${state.idle} are idle inside a transaction for over ${IDLE_SECONDS_MAX} s: decisions wait for them`,
          'see pg_stat_activity, and end the session that holds it: SELECT pg_terminate_backend(pid)',
        ),
  ];
}

function sessionsFinding(subject: string, { sessions, sessions_max: max }: State): Finding {
  const what = `${sessions} of ${max} sessions used`;
  return sessions <= max * SESSIONS_SHARE_MAX
    ? ok(subject, what)
    : warning(subject, `${what}: the next process may not get in`, 'raise max_connections');
}

/** It answered somewhere between `beforeMs` and `afterMs` of our clock. */
export function clockFinding(subject: string, clockMs: number, beforeMs: number, afterMs: number): Finding {
  const difference = Math.round(clockMs < beforeMs ? beforeMs - clockMs : Math.max(0, clockMs - afterMs));
  return difference <= CLOCK_DIFFERENCE_MAX_MS
    ? ok(subject, `its clock differs by ${difference} ms at most`)
    : warning(
        subject,
        `its clock differs by ${difference} ms: times of events would be wrong`,
        'keep the clocks together with NTP (chrony)',
      );
}
