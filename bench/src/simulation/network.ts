/**
 * The network between the parties, as bad as it may be: every call is carried by messages that may be slow,
 * lost on the way or on the way back, arrive twice, or be overtaken. What a caller is told is what a real
 * connection tells it: an answer, a broken connection or nothing until its patience ends; after the last
 * two, the call may have been carried out, or may still be.
 */
import {
  type Coverage,
  type Draws,
  type Fault,
  faultsOf,
  type Planned,
  type Schedule,
} from '@foreshard/core/simulation';
import type { History } from './history.ts';
import type { VirtualProcess } from './virtual-process.ts';

/** Who can be called. */
export interface Callee {
  readonly name: string;
  /** counts starts: a connection belongs to one of them */
  readonly run: number;
  readonly isUp: boolean;
  /** conditions under which it works now */
  conditions(): readonly Fault[];
  /** does the work as soon as it can */
  arrive(work: () => void): void;
}

export type Failure = 'connection' | 'timeout';

/** How often each fault befalls a message. */
export interface Weather {
  readonly slow: number;
  readonly requestLost: number;
  readonly replyLost: number;
  readonly sentTwice: number;
}

/** A pair that is looked for in this run: what is rare by itself would otherwise hardly ever meet. */
export interface Focus {
  readonly transition: string;
  readonly fault: Fault;
}

interface Call {
  readonly caller: VirtualProcess;
  readonly callee: Callee;
  readonly transition: string;
  fail(reason: Failure, afterMicros: number): void;
}

interface Fate {
  readonly arrivals: readonly number[];
  readonly replyAfter: number;
  readonly replyLost: boolean;
}

const HOP_MICROS = [50, 1_500] as const;
const SLOW_MICROS = [20_000, 4_000_000] as const;
const TIMEOUT_MICROS = 3_000_000;
/** just before nobody waits for it any more */
const LATE_MICROS = [1_500_000, 2_990_000] as const;
const BROKEN_MICROS = [500, 30_000] as const;
/** of the calls whose message is lost; the others wait for their timeout */
const BROKEN_SHARE = 0.7;
const FOCUS_SHARE = 0.25;

export class Network {
  /** strikes from outside of the messages, for the focus */
  onFocus: (fault: Fault, call: Pick<Call, 'caller' | 'callee'>) => void = () => {};
  private readonly schedule: Schedule;
  private readonly draws: Draws;
  private readonly coverage: Coverage;
  private readonly history: History;
  private weather: Weather;
  private readonly focus: Focus;
  private isCalm = false;
  private readonly struck = new Set<string>();
  private readonly calls = new Set<Call>();
  private readonly cuts = new Map<string, number>();
  private readonly slowUntil = new Map<Callee, number>();
  private readonly sent = new Map<string, number>();
  private readonly arrived = new Map<string, number>();

  constructor(parts: {
    schedule: Schedule;
    draws: Draws;
    coverage: Coverage;
    history: History;
    weather: Weather;
    focus: Focus;
  }) {
    this.schedule = parts.schedule;
    this.draws = parts.draws;
    this.coverage = parts.coverage;
    this.history = parts.history;
    this.weather = parts.weather;
    this.focus = parts.focus;
  }

  /** No more faults. What is on its way arrives or is lost as it was going to. */
  calm(): void {
    this.weather = { slow: 0, requestLost: 0, replyLost: 0, sentTwice: 0 };
    this.isCalm = true;
    this.cuts.clear();
    this.slowUntil.clear();
  }

  get hasCalmed(): boolean {
    return this.isCalm;
  }

  cut(a: string, b: string, micros: number): void {
    const until = this.schedule.nowMicros() + micros;
    this.cuts.set(`${a} ${b}`, until);
    this.cuts.set(`${b} ${a}`, until);
  }

  /** Whoever waits for this callee learns that its connection broke. */
  calleeDied(callee: Callee, fault: Fault): void {
    for (const call of this.calls) {
      if (call.callee !== callee) continue;
      this.coverage.note(call.transition, fault);
      call.fail('connection', this.draws.between(...BROKEN_MICROS));
    }
  }

  /** What it answers until then comes late: perhaps after it went to another state, and everybody knows. */
  slowAnswers(callee: Callee, micros: number): void {
    this.slowUntil.set(callee, this.schedule.nowMicros() + micros);
  }

  /** What is under way there meets an older state of it. */
  calleeGoesBack(callee: Callee): void {
    for (const call of this.calls)
      if (call.callee === callee) this.coverage.note(call.transition, 'older state');
  }

  callerDied(caller: VirtualProcess): void {
    for (const call of this.calls) {
      if (call.caller !== caller) continue;
      this.coverage.note(call.transition, 'caller killed');
      this.calls.delete(call);
    }
  }

  /**
   * @param serve carries the call out and answers when the reply may leave
   * @param run the start of the callee that the caller is connected to
   */
  call<R>(
    caller: VirtualProcess,
    callee: Callee,
    transition: string,
    serve: () => Promise<R>,
    failure: (reason: Failure) => Error,
    run = callee.run,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      let isOver = false;
      let timeout: Planned | undefined;
      const end = (settle: () => void) => {
        if (timeout !== undefined) timeout.cancelled = true;
        caller.arrive(() => {
          if (isOver) return;
          isOver = true;
          this.calls.delete(call);
          settle();
        });
      };
      const call: Call = {
        caller,
        callee,
        transition,
        fail: (reason, afterMicros) => {
          this.schedule.after(afterMicros, () => {
            if (!isOver) this.history.note(caller.name, `${callee.name} ${transition}: ${reason}`);
            end(() => reject(failure(reason)));
          });
        },
      };
      this.calls.add(call);
      timeout = this.schedule.after(TIMEOUT_MICROS, () => call.fail('timeout', 0));
      const fate = this.fateOf(call);
      const line = `${caller.name} ${callee.name}`;
      const number = (this.sent.get(line) ?? 0) + 1;
      this.sent.set(line, number);
      for (const after of fate.arrivals)
        this.schedule.after(after, () => {
          if (!callee.isUp || callee.run !== run)
            return call.fail('connection', this.draws.between(...HOP_MICROS));
          if (this.isCut(caller.name, callee.name)) return this.lost(call, 'cut off');
          callee.arrive(() => {
            if (callee.run !== run) return;
            this.noteArrival(call, line, number);
            // it may have been struck down by this very arrival
            if (!callee.isUp || callee.run !== run) return;
            void serve().then(
              (reply) => this.reply(call, fate, () => end(() => resolve(reply))),
              (error) => this.reply(call, fate, () => end(() => reject(error))),
            );
          });
        });
      if (fate.arrivals.length === 0) this.lost(call, 'request lost');
    });
  }

  /** For messages that nobody waits for. */
  notify(from: string, to: VirtualProcess, work: () => void): void {
    if (this.draws.chance(this.weather.requestLost + this.weather.replyLost)) return;
    this.schedule.after(this.hop(), () => {
      if (!this.isCut(from, to.name)) to.arrive(work);
    });
  }

  private reply(call: Call, fate: Fate, deliver: () => void): void {
    if (fate.replyLost) {
      this.lost(call, 'reply lost');
      return;
    }
    const isSlow = (this.slowUntil.get(call.callee) ?? 0) > this.schedule.nowMicros();
    const after = isSlow ? this.draws.between(...LATE_MICROS) : fate.replyAfter;
    this.schedule.after(after, () => {
      if (this.isCut(call.callee.name, call.caller.name)) this.lost(call, 'cut off');
      else deliver();
    });
  }

  private lost(call: Call, fault: Fault): void {
    this.coverage.note(call.transition, fault);
    if (this.draws.chance(BROKEN_SHARE)) call.fail('connection', this.draws.between(...BROKEN_MICROS));
  }

  private noteArrival(call: Call, line: string, number: number): void {
    const { transition, callee } = call;
    this.coverage.note(transition, 'done');
    for (const condition of callee.conditions()) this.coverage.note(transition, condition);
    if (call.caller.clockOffMicros !== 0 && faultsOf(transition).length < 10)
      this.coverage.note(transition, 'clock off');
    if ((this.arrived.get(line) ?? 0) > number) this.coverage.note(transition, 'overtaken');
    else this.arrived.set(line, number);
    if (this.strikes(transition, 'arrival')) this.onFocus(this.focus.fault, call);
  }

  /** The first time for certain: what is rare may happen once in a run. */
  private strikes(transition: string, when: 'sending' | 'arrival'): boolean {
    if (this.isCalm || transition !== this.focus.transition) return false;
    const isFirst = !this.struck.has(when);
    this.struck.add(when);
    return this.draws.chance(FOCUS_SHARE) || isFirst;
  }

  private fateOf({ transition }: Call): Fate {
    const aimed = this.strikes(transition, 'sending') ? this.focus.fault : undefined;
    const { draws, weather, coverage } = this;
    const happens = (fault: Fault, share: number) => aimed === fault || draws.chance(share);
    if (happens('request lost', weather.requestLost)) return { arrivals: [], replyAfter: 0, replyLost: true };
    const arrivals = [this.hop()];
    if (happens('slow', weather.slow) || aimed === 'overtaken') {
      coverage.note(transition, 'slow');
      arrivals[0] = draws.between(...SLOW_MICROS);
    }
    if (happens('sent twice', weather.sentTwice)) {
      coverage.note(transition, 'sent twice');
      arrivals.push(draws.chance(0.5) ? this.hop() : draws.between(...SLOW_MICROS));
    }
    const replyAfter = draws.chance(weather.slow) ? draws.between(...SLOW_MICROS) : this.hop();
    return { arrivals, replyAfter, replyLost: happens('reply lost', weather.replyLost) };
  }

  private hop(): number {
    return this.draws.between(...HOP_MICROS);
  }

  private isCut(from: string, to: string): boolean {
    return (this.cuts.get(`${from} ${to}`) ?? 0) > this.schedule.nowMicros();
  }
}
