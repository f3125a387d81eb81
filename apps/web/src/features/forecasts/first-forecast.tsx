/** Above the measured load while nothing was forecast: when something will be, and how to have it at once. */
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { CopyButton } from '../../components/ui/copy-button.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMomentShort } from '../../formatting/time.ts';

const IMPORT = 'foreshard import-history --trace FILE.csv';
/** a tick of the job that was missed, and one that takes long */
const LATE_AFTER_MS = 120_000;

/** `firstMs` null: no load has come yet. */
export function FirstForecast({ firstMs, nowMs }: { firstMs: number | null; nowMs: number }) {
  return (
    <Notice title={useTitle(firstMs, nowMs)} why={whyOf(firstMs, nowMs)}>
      <p className="text-sm text-soft">Or import the past of your load and have forecasts within a minute:</p>
      <p className="mt-2 inline-flex items-center gap-2 rounded-md border border-line bg-sunken px-3 py-1.5">
        <code className="text-xs">{IMPORT}</code>
        <CopyButton text={IMPORT} />
      </p>
    </Notice>
  );
}

function useTitle(firstMs: number | null, nowMs: number): string {
  const { zone } = useZone();
  if (firstMs === null) return 'No load yet';
  if (isLate(firstMs, nowMs)) return 'The first forecast is late';
  return `First forecast ${zone === 'relative' ? '' : 'at '}${timeOf(firstMs, nowMs, zone)}`;
}

function isLate(firstMs: number, nowMs: number): boolean {
  return nowMs - firstMs > LATE_AFTER_MS;
}

function timeOf(ms: number, nowMs: number, zone: Parameters<typeof formatMomentShort>[2]): string {
  const text = formatMomentShort(ms, nowMs, zone);
  return text.replace(/(\d\d:\d\d):\d\d/, '$1');
}

function whyOf(firstMs: number | null, nowMs: number): string {
  if (firstMs === null) return 'The first forecast comes about six minutes after the first events.';
  if (isLate(firstMs, nowMs))
    return 'It was due a while ago. See whether a worker runs: page Jobs, job “forecast”.';
  return 'Load is recorded in steps of five minutes; the first whole step makes the first forecast.';
}

/** For who asks for a day while only minutes are known. */
export function HoursNeeded({ onFiner }: { onFiner(): void }) {
  return (
    <Notice
      title="A day ahead needs three hours of load"
      why="Until then forecasts reach two hours ahead, in steps of five minutes."
    >
      <Button onClick={onFiner}>Show two hours ahead</Button>
    </Notice>
  );
}

/** Above the chart of a forecast that stands on minutes. */
export function Young({ untilMs, nowMs }: { untilMs: number | null; nowMs: number }) {
  const { zone } = useZone();
  if (untilMs === null || untilMs <= nowMs) return null;
  return (
    <p className="mx-5 mb-3 rounded-md bg-sunken px-3 py-2 text-sm text-soft">
      Little load is known yet, so the interval is a guess. Until {timeOf(untilMs, nowMs, zone)} plans go by
      measured load.
    </p>
  );
}
