/**
 * The state of one shardlet, by key, as JSON texts. A snapshot is taken in a moment and read later, while events are handled
 * on: what a key had is set aside before its first change (copy on write), so a snapshot is of exactly one seq.
 */
export class ShardletState {
  /** all events up to here are in it */
  seq = 0;
  /** of the replica that `seq` was read from */
  epoch = 0;
  private readonly texts = new Map<string, string>();
  /** since the last snapshot */
  private changed = new Set<string>();
  private snapshot: Snapshot | undefined;
  private charCount = 0;

  get keys(): number {
    return this.texts.size;
  }

  /** Of keys and of their JSON. */
  get chars(): number {
    return this.charCount;
  }

  get changedKeys(): number {
    return this.changed.size;
  }

  has(key: string): boolean {
    return this.texts.has(key);
  }

  get(key: string): string | undefined {
    return this.texts.get(key);
  }

  entries(): IterableIterator<[string, string]> {
    return this.texts.entries();
  }

  /** Undefined deletes. */
  set(key: string, text: string | undefined): void {
    const before = this.texts.get(key);
    if (before === text) return;
    this.snapshot?.keep(key, before);
    this.changed.add(key);
    this.restore(key, text);
  }

  /** As `set`, of what a checkpoint has: it is no change. */
  restore(key: string, text: string | undefined): void {
    const before = this.texts.get(key);
    if (before !== undefined) this.charCount -= key.length + before.length;
    if (text === undefined) this.texts.delete(key);
    else {
      this.texts.set(key, text);
      this.charCount += key.length + text.length;
    }
  }

  /** As it is now. REQUIRES that the one before was released. */
  take(kind: 'full' | 'delta'): Snapshot {
    if (this.snapshot !== undefined) throw new Error('a snapshot is being read');
    const { changed, texts } = this;
    this.changed = new Set();
    const keys = [...(kind === 'full' ? texts.keys() : changed)];
    this.snapshot = new Snapshot(kind, this, keys, () => {
      this.snapshot = undefined;
    });
    this.snapshot.onFailure = () => {
      for (const key of changed) this.changed.add(key);
    };
    return this.snapshot;
  }
}

export class Snapshot {
  readonly kind: 'full' | 'delta';
  readonly seq: number;
  readonly epoch: number;
  /** of the whole state, also of a delta */
  readonly keyCount: number;
  readonly keys: readonly string[];
  onFailure: () => void = () => {};
  private readonly state: ShardletState;
  private readonly before = new Map<string, string | undefined>();
  private readonly onRelease: () => void;

  constructor(kind: 'full' | 'delta', state: ShardletState, keys: readonly string[], onRelease: () => void) {
    [this.kind, this.state, this.keys, this.onRelease] = [kind, state, keys, onRelease];
    [this.seq, this.epoch, this.keyCount] = [state.seq, state.epoch, state.keys];
  }

  /** Before the first change of a key. */
  keep(key: string, text: string | undefined): void {
    if (!this.before.has(key)) this.before.set(key, text);
  }

  /** Undefined: deleted, in a delta. */
  textOf(key: string): string | undefined {
    return this.before.has(key) ? this.before.get(key) : this.state.get(key);
  }

  /** It is read. */
  release(): void {
    this.before.clear();
    this.onRelease();
  }

  /** It was not stored: what it had of changes is in the next delta. */
  failed(): void {
    this.onFailure();
  }
}
