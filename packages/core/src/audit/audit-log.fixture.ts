/** An audit log for tests, which can be away. */
import type { AuditEntry, AuditResult, AuditWriter } from './audit-log.ts';

export interface RecordedRow extends Partial<AuditResult> {
  readonly row: 'started' | 'done' | 'failed' | 'denied';
  readonly startedId?: string;
  readonly entry: AuditEntry;
}

export class MemoryAudit implements AuditWriter {
  readonly rows: RecordedRow[] = [];
  /** thrown instead of writing a row of this kind */
  away: Partial<Record<RecordedRow['row'], Error>> = {};

  async started(entry: AuditEntry): Promise<string> {
    return this.write({ row: 'started', entry });
  }

  during<T>(_id: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  async completed(startedId: string, entry: AuditEntry, result: AuditResult): Promise<void> {
    this.write({ row: result.outcome, startedId, entry, ...result });
  }

  async denied(entry: AuditEntry, code: string, detail: string): Promise<void> {
    this.write({ row: 'denied', entry, code, detail });
  }

  async done(entry: AuditEntry): Promise<void> {
    this.write({ row: 'done', entry });
  }

  private write(row: RecordedRow): string {
    const away = this.away[row.row];
    if (away !== undefined) throw away;
    this.rows.push(row);
    return String(this.rows.length);
  }
}
