/** The weeks of a month as a calendar shows them, Monday first, in a zone. */
import { TZDate } from '@date-fns/tz';
import { addDays, addMonths, startOfMonth, startOfWeek } from 'date-fns';

export interface CalendarDay {
  readonly fromMs: number;
  readonly toMs: number;
  readonly day: number;
  readonly isInMonth: boolean;
}

const WEEKS = 6;

/** `offset`: months from now. */
export function monthOf(nowMs: number, offset: number, zone: string): { title: string; days: CalendarDay[] } {
  const first = startOfMonth(addMonths(new TZDate(nowMs, zone), offset));
  const start = startOfWeek(first, { weekStartsOn: 1 });
  const days = Array.from({ length: WEEKS * 7 }, (_, i) => {
    const date = addDays(start, i);
    return {
      fromMs: date.getTime(),
      toMs: addDays(start, i + 1).getTime(),
      day: date.getDate(),
      isInMonth: date.getMonth() === first.getMonth(),
    };
  });
  const title = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: zone }).format(
    first.getTime(),
  );
  return { title, days };
}
