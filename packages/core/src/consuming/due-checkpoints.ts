/** Which checkpoints are due, as the worker judged last: read at most once a second and group. */
import type { DueRecords, DueVerdict } from '../checkpointing/index.ts';

const KNOWN_FOR_MS = 1_000;
const GROUPS_MAX = 1_000;

interface Known {
  readonly verdicts: Promise<readonly DueVerdict[]>;
  readonly readAtMs: number;
}

export class DueCheckpoints {
  private readonly records: Pick<DueRecords, 'recent'> | undefined;
  private readonly nowMs: () => number;
  private known = new Map<string, Known>();

  constructor(records: Pick<DueRecords, 'recent'> | undefined, nowMs: () => number) {
    this.records = records;
    this.nowMs = nowMs;
  }

  /** Those of these shardlets. None while they cannot be read: members take checkpoints at an interval of their own. */
  async of(group: string, shardlets: readonly number[]): Promise<readonly DueVerdict[]> {
    if (this.records === undefined || shardlets.length === 0) return [];
    const verdicts = await this.recent(group, this.records).catch(() => []);
    const held = new Set(shardlets);
    return verdicts.filter(({ shardlet, verdict }) => verdict.isDue && held.has(shardlet));
  }

  private recent(group: string, records: Pick<DueRecords, 'recent'>): Promise<readonly DueVerdict[]> {
    const known = this.known.get(group);
    if (known !== undefined && this.nowMs() - known.readAtMs < KNOWN_FOR_MS) return known.verdicts;
    if (this.known.size >= GROUPS_MAX) this.known = new Map();
    const verdicts = records.recent(group);
    this.known.set(group, { verdicts, readAtMs: this.nowMs() });
    return verdicts;
  }
}
