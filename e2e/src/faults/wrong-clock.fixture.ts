/**
 * Loaded into a process before everything else (`node --import`): its wall clock is CLOCK_OFF_MS ahead of the
 * machine's. What counts from the start of the process stays right, as it does on a machine with a wrong clock.
 */
const offMs = Number(process.env.CLOCK_OFF_MS);
const rightNow = Date.now.bind(Date);

class WrongDate extends Date {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(rightNow() + offMs);
    else super(...args);
  }

  static override now(): number {
    return rightNow() + offMs;
  }
}

globalThis.Date = WrongDate as DateConstructor;
