/** What is done for operations on sessions. */
import type { PersonStore, Session, SessionStore } from '../../access/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { Caller } from '../caller.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { sessions } from '../sessions.ts';
import { personNamed } from './people.ts';

export interface SessionStores {
  readonly people: PersonStore;
  readonly sessions: SessionStore;
  /** a session that is unused for so long is over */
  readonly sessionIdleMs: number;
}

type SessionDocument = OutputOf<typeof sessions.list>['sessions'][number];

export function sessionHandlers(stores: SessionStores): RouterHandlers<typeof sessions> {
  const { people, sessions: store, sessionIdleMs } = stores;
  return {
    async list({ user }, caller) {
      const personId = user === undefined ? undefined : (await personNamed(people, user)).id;
      const found = await store.list(sessionIdleMs, personId);
      return { sessions: found.map((session) => sessionDocument(session, caller)) };
    },
    async end({ session }, caller) {
      const old = (await store.list(sessionIdleMs)).find(({ id }) => id === session);
      if (!(await store.end(session))) throw noSession(session);
      // one that was unused for long is not listed
      caller.note?.({ before: old === undefined ? { session } : sessionDocument(old, caller), after: null });
      return { session, result: 'ended' };
    },
    async endAll({ user }, caller) {
      const { sessionId } = caller.origin;
      const personId = user === null ? undefined : (await personNamed(people, user)).id;
      const open = (await store.list(sessionIdleMs, personId)).filter(({ id }) => id !== sessionId);
      caller.note?.({ before: { sessions: open.map((one) => sessionDocument(one, caller)) } });
      const ended = await store.endAll({
        ...(personId === undefined ? {} : { personId }),
        ...(sessionId === undefined ? {} : { exceptId: sessionId }),
      });
      return { ended };
    },
  };
}

export function sessionDocument(session: Session, { origin }: Caller): SessionDocument {
  const { id, person, createdAt, lastSeenAt, expiresAt, address, userAgent } = session;
  return {
    ...{ id, user: person.id, email: person.email, address, userAgent },
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    current: origin.sessionId === id,
  };
}

export function noSession(session: string): ForeshardError {
  return new ForeshardError('not_found', `There is no session ${session}, or it has ended.`);
}
