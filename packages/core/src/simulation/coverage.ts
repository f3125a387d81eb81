/**
 * Which transition met which fault, counted over all seeds of a run. A fault that never meets a transition
 * was not tested, whatever the number of seeds; so a zero is a failure.
 *
 * A transition is one operation of a host or one kind of decision of the topology store. A fault is either something
 * done to the message that asks for it, or a state of the parties while it happens.
 */
export const FAULTS = [
  'slow',
  'request lost',
  'reply lost',
  'sent twice',
  'overtaken',
  'caller killed',
  'callee killed',
  'cut off',
  'power loss',
  'memory full',
  'clock off',
  'clock set back',
  'older state',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults that the topology store does not have: it neither loses a commit nor has a memory that fills up. */
const OF_HOSTS_ONLY: ReadonlySet<Fault> = new Set([
  'power loss',
  'memory full',
  'clock set back',
  'older state',
]);

export const HOST_TRANSITIONS = [
  ...['createOpen', 'createShadow', 'append', 'seal', 'ingest', 'ingestIds', 'truncate', 'digest', 'trim'],
  ...['ready', 'open', 'raise', 'drop', 'read', 'seek', 'frontier', 'createFloor', 'describe', 'list'],
  ...['readIds', 'forgetIds', 'usage', 'identify', 'mark', 'admit'],
] as const;

export class Coverage {
  private readonly counts = new Map<string, Map<Fault | 'done', number>>();

  note(transition: string, what: Fault | 'done', times = 1): void {
    let row = this.counts.get(transition);
    if (row === undefined) this.counts.set(transition, (row = new Map()));
    row.set(what, (row.get(what) ?? 0) + times);
  }

  count(transition: string, what: Fault | 'done'): number {
    return this.counts.get(transition)?.get(what) ?? 0;
  }

  add(other: Coverage): void {
    for (const [transition, row] of other.counts)
      for (const [what, times] of row) this.note(transition, what, times);
  }

  /** Every pair that must be met and was not; a transition that never happened is one of them. */
  gaps(transitions: readonly string[]): string[] {
    const missing: string[] = [];
    for (const transition of transitions)
      for (const what of ['done' as const, ...faultsOf(transition)])
        if (this.count(transition, what) === 0) missing.push(`${transition} x ${what}`);
    return missing;
  }

  table(transitions: readonly string[]): string {
    const head = ['transition', 'done', ...FAULTS];
    const rows = transitions.map((transition) => [
      transition,
      String(this.count(transition, 'done')),
      ...FAULTS.map((fault) =>
        faultsOf(transition).includes(fault) ? String(this.count(transition, fault)) : '-',
      ),
    ]);
    const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
    return [head, ...rows]
      .map((row) =>
        row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
      )
      .join('\n');
  }

  toJson(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.counts].map(([name, row]) => [name, Object.fromEntries(row)]));
  }

  static fromJson(json: Record<string, Record<string, number>>): Coverage {
    const coverage = new Coverage();
    for (const [name, row] of Object.entries(json))
      for (const [what, times] of Object.entries(row)) coverage.note(name, what as Fault, times);
    return coverage;
  }
}

export function faultsOf(transition: string): readonly Fault[] {
  const ofHost = (HOST_TRANSITIONS as readonly string[]).includes(transition);
  return FAULTS.filter((fault) => ofHost || !OF_HOSTS_ONLY.has(fault));
}
