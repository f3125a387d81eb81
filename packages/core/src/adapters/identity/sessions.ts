/**
 * Sessions of people. A session is looked up in its store at most every `cacheMs`, so an end or a change of roles holds
 * within that time in every process. While the store is unreachable, a session that was seen lately may go on reading:
 * the pictures of a cluster are needed most when a part of it is down.
 */
import {
  grantsOf,
  type Person,
  type Principal,
  type Session,
  type SessionStore,
} from '../../access/index.ts';
import { hashSecret, newSecret } from './secrets.ts';

export interface SessionSettings {
  /** unused for so long: it is over */
  readonly idleMs: number;
  /** however much it is used */
  readonly absoluteMs: number;
  /** the same, of who signs in at an identity provider: what it says of roles may be so old */
  readonly providedMs: number;
  readonly cacheMs: number;
  /** how long a known session may read while the store is unreachable */
  readonly unreachableMs: number;
}

export const SESSION_SETTINGS: SessionSettings = {
  idleMs: 12 * 3_600_000,
  absoluteMs: 7 * 86_400_000,
  providedMs: 12 * 3_600_000,
  cacheMs: 2_000,
  unreachableMs: 15 * 60_000,
};

export interface Client {
  readonly address: string;
  readonly userAgent: string;
}

export interface SignedIn {
  readonly session: Session;
  readonly principal: Principal;
  /** the store is unreachable, so whether it still holds is not known: nothing may be changed */
  readonly readOnly: boolean;
}

export interface NewSession {
  /** the value of the cookie: told here and never again */
  readonly secret: string;
  readonly session: Session;
}

interface Known {
  readonly session: Session;
  readonly principal: Principal;
  readonly confirmedMs: number;
}

/** More sessions at once than these are looked up more often, no more. */
const KNOWN_MAX = 10_000;
const SEEN_EVERY_MS = 60_000;
/** Anything longer was not handed out here. */
const SECRET_LENGTH_MAX = 100;
const USER_AGENT_MAX = 200;

export class Sessions {
  private readonly store: SessionStore;
  private readonly settings: SessionSettings;
  private readonly nowMs: () => number;
  private readonly known = new Map<string, Known>();
  private readonly asked = new Map<string, Promise<Known | undefined>>();

  constructor(store: SessionStore, settings: SessionSettings, nowMs: () => number) {
    this.store = store;
    this.settings = settings;
    this.nowMs = nowMs;
  }

  async start(person: Pick<Person, 'id' | 'signIn'>, { address, userAgent }: Client): Promise<NewSession> {
    const secret = newSecret();
    const { absoluteMs, providedMs } = this.settings;
    const lastsMs = person.signIn === 'oidc' ? Math.min(absoluteMs, providedMs) : absoluteMs;
    const session = await this.store.create({
      hash: hashSecret(secret),
      personId: person.id,
      expiresAt: new Date(this.nowMs() + lastsMs),
      address,
      userAgent: userAgent.slice(0, USER_AGENT_MAX),
    });
    return { secret, session };
  }

  /** Undefined: there is none, or it is over. @throws what the store throws, for one that is not known here */
  async find(secret: string): Promise<SignedIn | undefined> {
    if (secret === '' || secret.length > SECRET_LENGTH_MAX) return undefined;
    const hash = hashSecret(secret);
    const known = this.known.get(hash);
    const nowMs = this.nowMs();
    if (known !== undefined && nowMs - known.confirmedMs < this.settings.cacheMs)
      return this.standing(known, nowMs);
    try {
      const found = await this.lookUp(hash);
      return found && this.standing(found, this.nowMs());
    } catch (error) {
      if (known === undefined || nowMs - known.confirmedMs > this.settings.unreachableMs) throw error;
      return this.standing(known, nowMs, true);
    }
  }

  /** Ends the session of this cookie; here at once, elsewhere within `cacheMs`. */
  async end(secret: string): Promise<boolean> {
    const hash = hashSecret(secret);
    const found = await this.store.byHash(hash, this.settings.idleMs);
    this.known.delete(hash);
    return found !== undefined && (await this.store.end(found.id));
  }

  /** After somebody's password changed. */
  endOthers(personId: string, exceptId?: string): Promise<number> {
    for (const [hash, { session }] of this.known)
      if (session.person.id === personId && session.id !== exceptId) this.known.delete(hash);
    return this.store.endAll({ personId, ...(exceptId === undefined ? {} : { exceptId }) });
  }

  private standing({ session, principal }: Known, nowMs: number, readOnly = false): SignedIn | undefined {
    if (session.expiresAt.getTime() <= nowMs) return undefined;
    return { session, principal, readOnly };
  }

  /** A page asks several things at once: one of them asks the store. */
  private lookUp(hash: string): Promise<Known | undefined> {
    const underWay = this.asked.get(hash);
    if (underWay !== undefined) return underWay;
    const answer = this.ask(hash).finally(() => this.asked.delete(hash));
    this.asked.set(hash, answer);
    return answer;
  }

  private async ask(hash: string): Promise<Known | undefined> {
    const askedMs = this.nowMs();
    const session = await this.store.byHash(hash, this.settings.idleMs);
    this.known.delete(hash);
    if (session === undefined) return undefined;
    const known = { session, principal: principalOf(session.person), confirmedMs: askedMs };
    this.known.set(hash, known);
    if (this.known.size > KNOWN_MAX) this.known.delete(this.known.keys().next().value!);
    // it is a note for people, and for the idle limit: the next minute makes up for one that is lost
    if (askedMs - session.lastSeenAt.getTime() > SEEN_EVERY_MS)
      await this.store.seen(session.id).catch(() => {});
    return known;
  }
}

export function principalOf({ id, email, roles }: Person): Principal {
  return { kind: 'person', id, name: email, grants: grantsOf(roles) };
}
