/**
 * Which quota holds for whom: its own where somebody set one, else that of the settings. The quotas that
 * were set are read anew every few seconds; while the database is away the last known ones hold.
 */
import { isSet, type Quota, type QuotaSource } from './quotas.ts';

/** As the store tells it. */
export interface OwnQuota extends Quota {
  readonly scope: 'token' | 'stream';
  /** the id of a token, the name of a stream */
  readonly subject: string;
}

export interface QuotaBookParts {
  readonly ofEveryToken: Quota;
  readonly ofEveryStream: Quota;
  readonly refreshMs: number;
  readonly own: () => Promise<readonly OwnQuota[]>;
  readonly warn: (message: string, error: unknown) => void;
}

export class QuotaBook implements QuotaSource {
  private readonly parts: QuotaBookParts;
  private tokens = new Map<string, Quota>();
  private streams = new Map<string, Quota>();
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: QuotaBookParts) {
    this.parts = parts;
  }

  get tokensHave(): boolean {
    return this.tokens.size > 0 || isSet(this.parts.ofEveryToken);
  }

  ofToken(id: string): Quota {
    return this.tokens.get(id) ?? this.parts.ofEveryToken;
  }

  ofStream(name: string): Quota {
    return this.streams.get(name) ?? this.parts.ofEveryStream;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => void this.refresh(), this.parts.refreshMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async refresh(): Promise<void> {
    try {
      const own = await this.parts.own();
      const bySubject = (scope: OwnQuota['scope']) =>
        new Map(own.filter((quota) => quota.scope === scope).map((quota) => [quota.subject, quota]));
      this.tokens = bySubject('token');
      this.streams = bySubject('stream');
    } catch (error) {
      this.parts.warn('the quotas cannot be read anew', error);
    }
  }
}
