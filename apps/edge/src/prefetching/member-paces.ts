/** Which shardlets the members have that poll here, how fast each goes on, and so when it needs what follows. */

const PACE_WEIGHT = 0.3;
/** A member that did not poll for so long has gone, or polls elsewhere. */
const SILENT_MS = 60_000;
const MEMBERS_MAX = 2_000;

interface Pace {
  seq: number;
  atMs: number;
  /** events a millisecond; 0: not known */
  perMs: number;
}

interface Member {
  version: number;
  polledAtMs: number;
  /** by shardlet */
  readonly paces: Map<number, Pace>;
}

export class MemberPaces {
  private readonly members = new Map<string, Member>();

  /** Undefined: it has what it had. Else what it was given, and what it lost. */
  polled(
    claim: string,
    version: number,
    nowMs: number,
    assigned: () => readonly { readonly shardlet: number; readonly seq: number }[],
  ): { readonly given: { shardlet: number; seq: number }[]; readonly lost: number[] } | undefined {
    let member = this.members.get(claim);
    if (member === undefined) {
      if (this.members.size >= MEMBERS_MAX) return undefined;
      member = { version: -1, polledAtMs: nowMs, paces: new Map() };
      this.members.set(claim, member);
    }
    member.polledAtMs = nowMs;
    if (member.version === version) return undefined;
    member.version = version;
    const now = new Map(assigned().map(({ shardlet, seq }) => [shardlet, seq]));
    const { paces } = member;
    const lost = [...paces.keys()].filter((shardlet) => !now.has(shardlet));
    for (const shardlet of lost) paces.delete(shardlet);
    const given = [...now].filter(([shardlet]) => !paces.has(shardlet));
    for (const [shardlet, seq] of given) paces.set(shardlet, { seq, atMs: nowMs, perMs: 0 });
    return { given: given.map(([shardlet, seq]) => ({ shardlet, seq })), lost };
  }

  /** It was given events up to `seq`. Returns when it needs the event after `ahead` others. */
  reached(claim: string, shardlet: number, seq: number, nowMs: number): (ahead: number) => number {
    const pace = this.members.get(claim)?.paces.get(shardlet);
    if (pace === undefined) return () => nowMs;
    if (seq > pace.seq && nowMs > pace.atMs) {
      const perMs = (seq - pace.seq) / (nowMs - pace.atMs);
      pace.perMs = pace.perMs === 0 ? perMs : (1 - PACE_WEIGHT) * pace.perMs + PACE_WEIGHT * perMs;
    }
    pace.seq = seq;
    pace.atMs = nowMs;
    return (ahead) => (pace.perMs === 0 ? nowMs : nowMs + ahead / pace.perMs);
  }

  /** Who has the shardlet, and how far each is. */
  holders(shardlet: number): { readonly claim: string; readonly seq: number }[] {
    return [...this.members].flatMap(([claim, { paces }]) => {
      const pace = paces.get(shardlet);
      return pace === undefined ? [] : [{ claim, seq: pace.seq }];
    });
  }

  /** Forgets members that have gone, and returns them. */
  expire(nowMs: number): string[] {
    const gone = [...this.members].filter(([, { polledAtMs }]) => polledAtMs + SILENT_MS < nowMs);
    for (const [claim] of gone) this.members.delete(claim);
    return gone.map(([claim]) => claim);
  }
}
