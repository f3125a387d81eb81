/** What happened, line by line, kept only when somebody wants to read it. */
import type { Clock } from '@foreshard/core/kernel';

interface Line {
  readonly atMicros: number;
  readonly who: string;
  readonly text: string;
  /** shardlets and events it concerns; none: everybody */
  readonly about: readonly (number | string)[];
}

const MICROS_PER_SECOND = 1_000_000;

export class History {
  private readonly lines: Line[] = [];
  private readonly clock: Clock;
  private readonly startMicros: number;
  private readonly isKept: boolean;

  constructor(clock: Clock, isKept: boolean) {
    this.clock = clock;
    this.startMicros = clock.nowMicros();
    this.isKept = isKept;
  }

  get wanted(): boolean {
    return this.isKept;
  }

  note(who: string, text: string, about: readonly (number | string)[] = []): void {
    if (this.isKept) this.lines.push({ atMicros: this.clock.nowMicros(), who, text, about });
  }

  /** All of it, or what concerns any of these and the faults. */
  text(about?: ReadonlySet<number | string>): string[] {
    return this.lines
      .filter(
        (line) => about === undefined || line.who === 'fault' || line.about.some((each) => about.has(each)),
      )
      .map(({ atMicros, who, text }) => {
        const seconds = ((atMicros - this.startMicros) / MICROS_PER_SECOND).toFixed(6).padStart(11);
        return `${seconds}  ${who.padEnd(10)} ${text}`;
      });
  }
}
