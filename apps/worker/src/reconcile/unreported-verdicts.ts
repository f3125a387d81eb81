/**
 * What this worker found of hosts that went back to an older state, and the topology store has not heard yet: it was
 * away, or its answer was lost. A verdict stays true whatever state the host is in by then: a newer one that is put
 * back does not hold what was acknowledged in the older one (docs/architecture/protocol.md, Progress, "Put back").
 */
import type { HostIdentity } from '@foreshard/core/hosts';
import type { RefusalReason } from '@foreshard/core/machines';
import type { Host } from '@foreshard/core/topology';

/** What shows that a host is in an older state. */
export type Sight = Pick<HostIdentity, 'incarnation' | 'mark' | 'markPromise' | 'progress'>;

/** `certainTs`: no event up to it is missing, as far as the process knows that saw it go back. */
export interface Refused {
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly byMarks?: boolean;
  readonly foundEmpty?: boolean;
  /** a comparison with the topology store shows it, and nothing else does; the host was marked after that */
  readonly isCompared?: boolean;
  readonly certainTs?: number;
}

export interface Verdict {
  readonly sight: Sight;
  readonly refusal: Refused;
}

export class UnreportedVerdicts {
  private readonly verdicts = new Map<number, Verdict & { readonly generation: number }>();

  /** An empty store has acknowledged nothing: it says nothing of the disk that is put in its place. */
  note({ id, generation }: Pick<Host, 'id' | 'generation'>, verdict: Verdict): void {
    if (verdict.refusal.foundEmpty !== true) this.verdicts.set(id, { generation, ...verdict });
  }

  reported(host: number): void {
    this.verdicts.delete(host);
  }

  /** Undefined as well when the topology store has found it too, or a loss was accepted since. */
  of({ id, generation, readmission }: Host): Verdict | undefined {
    const verdict = this.verdicts.get(id);
    const known = readmission?.regressed;
    const isHeard = known !== undefined && known.foundEmpty !== true && known.comparedAt === undefined;
    if (verdict !== undefined && !isHeard && verdict.generation === generation) return verdict;
    this.verdicts.delete(id);
    return undefined;
  }
}
