/** The bell of the kernel, on the timers of this process. */
import { Bell as TimedBell } from '@foreshard/core/kernel';
import { later } from '../../timers.ts';

export class Bell extends TimedBell {
  constructor() {
    super(later);
  }
}

export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Bell().wait(ms, signal);
}
