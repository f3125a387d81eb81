/** What is refused again and again, by a tool that polls, is one row of the audit log in a minute. */
const ONE_ROW_EVERY_MS = 60_000;
const KEYS_KEPT = 1_000;

export class Repeats {
  /** the oldest first */
  private readonly atMs = new Map<string, number>();

  /** Was the same refused within the last minute? */
  isRepeated(key: string, nowMs: number): boolean {
    const lastMs = this.atMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < ONE_ROW_EVERY_MS) return true;
    this.atMs.delete(key);
    this.atMs.set(key, nowMs);
    if (this.atMs.size > KEYS_KEPT) this.atMs.delete(this.atMs.keys().next().value!);
    return false;
  }
}
