/**
 * A host that can lose its power. It is the host in memory with a file of what was done to it: what was
 * synced when it goes down is done again when it comes back, what was not may be gone. A reply leaves when
 * all it tells about is synced; a host that is declared `everysec` answers appends and reads before.
 */
import { MemoryHost } from '@foreshard/core/adapters/memory';
import type { EventHost, Progress } from '@foreshard/core/hosts';
import { type Clock, ManualClock, MICROS_PER_SECOND } from '@foreshard/core/kernel';
import type { Draws, Fault, Schedule } from '@foreshard/core/simulation';
import type { Callee } from './network.ts';

export type HostMethod = Exclude<keyof EventHost, 'close'>;

/** Everything else only looks. */
const WRITES: ReadonlySet<HostMethod> = new Set<HostMethod>([
  ...(['adopt', 'createShadow', 'createOpen', 'append', 'seal', 'ingest', 'ingestIds', 'truncate'] as const),
  ...(['trim', 'ready', 'open', 'raise', 'drop', 'frontier', 'promise', 'createFloor', 'forgetIds'] as const),
  ...(['mark', 'admit'] as const),
]);
const SYNC_MICROS = [50, 900] as const;
const STALLED_SYNC_MICROS = [5_000, 200_000] as const;
const STALL_SHARE = 0.01;
const EMPTY = 'empty';
/** how long a set-back clock counts as such, for coverage */
const SET_BACK_MICROS = 5 * MICROS_PER_SECOND;

interface Entry {
  readonly method: HostMethod;
  readonly args: readonly unknown[];
  readonly clockMicros: number;
}

export type Watch = (host: DurableHost, method: HostMethod, args: readonly unknown[], reply: unknown) => void;

/** As the real engines answer: the reply, and how far the host was when it was carried out. */
export interface Answer<R> {
  readonly reply: R;
  readonly progress: Progress;
  /** by how much this call raised its count */
  readonly own: number;
}

export class DurableHost implements Callee, Clock {
  readonly id: number;
  readonly durability: 'always' | 'everysec';
  run = 1;
  isUp = true;
  /** when it last took a state that may lack what it had */
  wentBackAtMicros = 0;
  memory: MemoryHost;
  clockOffMicros: number;
  private readonly schedule: Schedule;
  private readonly draws: Draws;
  private readonly watch: Watch;
  private file: Entry[] = [];
  /** the files that it had when it went to another state: somebody has a copy of each */
  private readonly saved: (readonly Entry[])[] = [];
  private synced = 0;
  private waiting: { readonly upTo: number; readonly leave: () => void }[] = [];
  private isSyncing = false;
  private hasEmptyDisk = false;
  /** the memory holds something else than the file tells */
  private mustRebuild = false;
  private setBackAtMicros = Number.NEGATIVE_INFINITY;
  private frozenUntilMicros = 0;
  /** it has not gone back since it joined, or since a loss was accepted */
  private isAdmitted = true;

  constructor(
    id: number,
    durability: 'always' | 'everysec',
    parts: { schedule: Schedule; draws: Draws; watch: Watch; clockOffMicros: number },
  ) {
    this.id = id;
    this.durability = durability;
    this.schedule = parts.schedule;
    this.draws = parts.draws;
    this.watch = parts.watch;
    this.clockOffMicros = parts.clockOffMicros;
    this.memory = new MemoryHost(this);
    if (durability === 'everysec') this.syncEverySecond();
  }

  /** The store joins the cluster: it keeps its host id from now on. */
  async join(): Promise<void> {
    await this.execute('adopt', [this.id]);
  }

  get name(): string {
    return `host-${this.id}`;
  }

  get isEmptied(): boolean {
    return this.hasEmptyDisk;
  }

  /** REQUIRES that it is down. */
  swapDisk(forAnEmptyOne: boolean): void {
    this.hasEmptyDisk = forAnEmptyOne;
    this.mustRebuild = true;
  }

  get incarnation(): string {
    return `${this.isEmptied ? EMPTY : 'run'}-${this.run}`;
  }

  nowMicros(): number {
    return this.schedule.nowMicros() + this.clockOffMicros;
  }

  conditions(): Fault[] {
    const found: Fault[] = [];
    if (this.memory.limitBytes !== undefined) found.push('memory full');
    if (this.clockOffMicros !== 0) found.push('clock off');
    if (this.schedule.nowMicros() - this.setBackAtMicros < SET_BACK_MICROS) found.push('clock set back');
    if (!this.isAdmitted) found.push('older state');
    return found;
  }

  /** A stopped engine: what arrives waits. */
  freeze(micros: number): void {
    this.frozenUntilMicros = Math.max(this.frozenUntilMicros, this.schedule.nowMicros() + micros);
  }

  arrive(work: () => void): void {
    const frozen = this.frozenUntilMicros - this.schedule.nowMicros();
    if (frozen > 0) this.schedule.after(frozen, () => this.arrive(work));
    else if (this.isUp) work();
  }

  setClockBack(micros: number): void {
    this.clockOffMicros -= micros;
    this.setBackAtMicros = this.schedule.nowMicros();
  }

  /** Carries one operation out; answers when its reply may leave. */
  async execute<R>(method: HostMethod, args: readonly unknown[]): Promise<Answer<R>> {
    const { run } = this;
    const clockMicros = this.nowMicros();
    const own = args.map(copied);
    const before = this.memory.progressOf().count;
    const performing = perform<R>(this.memory, method, own);
    const progress = this.memory.progressOf(); // before anything else runs
    const reply = await performing;
    if (WRITES.has(method) && !isFull(reply) && !this.hasEmptyDisk)
      this.file.push({ method, args: own, clockMicros });
    if (method === 'admit') this.isAdmitted = true;
    this.watch(this, method, own, reply);
    const answer = method === 'identify' ? ({ ...reply, incarnation: this.incarnation } as R) : reply;
    const repliesAtOnce = this.durability === 'everysec' && (method === 'append' || method === 'read');
    if (!repliesAtOnce && this.run === run) await this.untilSynced();
    return { reply: answer, progress, own: progress.count - before };
  }

  /** Down; what was not synced is kept up to a place drawn, or all of it where only the process died. */
  crash(losesPower: boolean): void {
    this.isUp = false;
    this.run++;
    this.waiting = [];
    this.isSyncing = false;
    if (losesPower) {
      const kept = this.synced + this.draws.below(this.file.length - this.synced + 1);
      this.mustRebuild ||= kept < this.file.length;
      this.file.length = kept;
    }
    this.synced = this.file.length;
  }

  async start(): Promise<void> {
    if (this.mustRebuild) this.rebuild();
    this.isUp = true;
  }

  /** It went back, and has begun no generation since. */
  get isOlder(): boolean {
    return !this.isAdmitted;
  }

  /** How many operations made the state it is in. */
  get written(): number {
    return this.file.length;
  }

  /**
   * Back to the state after that many of its operations: a snapshot of its disk, or, while it is up, a replica
   * that was behind and is promoted. Then connections last, and what is on its way is carried out there.
   */
  goBack(to: number): void {
    this.takeFile(this.file.slice(0, to));
  }

  /** How many operations each of the files has that it had before it went to another state. */
  get savedLengths(): readonly number[] {
    return this.saved.map((file) => file.length);
  }

  /** A newer state is put back: one that it was in before it went to another. What was done since is not in it. */
  putBack(file: number, to: number): void {
    this.takeFile(this.saved[file]!.slice(0, to));
  }

  /** What was done last, in the state that it is in. */
  get newest(): object | undefined {
    return this.file.at(-1);
  }

  /** All that was done to make the state that it is in. */
  get made(): ReadonlySet<object> {
    return new Set(this.file);
  }

  private takeFile(file: Entry[]): void {
    this.saved.push(this.file);
    this.file = file;
    this.synced = file.length;
    if (this.hasEmptyDisk) return;
    this.isAdmitted = false;
    this.rebuild();
    for (const { leave } of this.waiting.splice(0)) leave();
  }

  private rebuild(): void {
    this.wentBackAtMicros = this.schedule.nowMicros();
    this.memory = this.rebuilt();
    this.mustRebuild = false;
  }

  /** What the file says, done again, in one go: an operation in memory does its work before its first wait. */
  private rebuilt(): MemoryHost {
    const { limitBytes } = this.memory;
    const then = new ManualClock(0);
    const rebuilt = new MemoryHost({ nowMicros: () => (isReplaying ? then.nowMicros() : this.nowMicros()) });
    let isReplaying = true;
    for (const { method, args, clockMicros } of this.hasEmptyDisk ? [] : this.file) {
      then.set(clockMicros);
      void perform(rebuilt, method, args);
    }
    isReplaying = false;
    rebuilt.limitBytes = limitBytes;
    return rebuilt;
  }

  private untilSynced(): Promise<void> {
    if (this.synced >= this.file.length && !this.isSyncing) return Promise.resolve();
    return new Promise((leave) => {
      this.waiting.push({ upTo: this.file.length, leave });
      this.sync();
    });
  }

  private sync(): void {
    if (this.isSyncing) return;
    this.isSyncing = true;
    const { run } = this;
    const upTo = this.file.length;
    const stalls = this.draws.chance(STALL_SHARE);
    const [from, to] = stalls ? STALLED_SYNC_MICROS : SYNC_MICROS;
    this.schedule.after(this.draws.between(from, to), () => {
      if (this.run !== run) return;
      this.isSyncing = false;
      this.synced = Math.min(Math.max(this.synced, upTo), this.file.length);
      const leaving = this.waiting.filter((each) => each.upTo <= upTo);
      this.waiting = this.waiting.filter((each) => each.upTo > upTo);
      for (const { leave } of leaving) leave();
      if (this.waiting.length > 0) this.sync();
    });
  }

  private syncEverySecond(): void {
    this.schedule.after(MICROS_PER_SECOND, () => {
      if (this.isUp) this.sync();
      this.syncEverySecond();
    });
  }
}

/** A run on an empty disk. */
export function isEmptyRun(incarnation: string): boolean {
  return incarnation.startsWith(EMPTY);
}

async function perform<R>(memory: MemoryHost, method: HostMethod, args: readonly unknown[]): Promise<R> {
  const operation = memory[method] as (this: MemoryHost, ...args: readonly unknown[]) => Promise<R>;
  return operation.apply(memory, [...args]);
}

function isFull(reply: unknown): boolean {
  const first = Array.isArray(reply) ? reply[0] : reply;
  return (first as { kind?: string } | undefined)?.kind === 'full';
}

/** What is sent is sent: the caller may use its buffers again while the message is on its way. */
function copied(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]));
}
