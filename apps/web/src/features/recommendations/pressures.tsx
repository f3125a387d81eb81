'use client';

/** Every host before and after the plan: the future before it is approved. */
import { Card, CardHead } from '../../components/ui/card.tsx';

const SHOWN_MAX = 24;

interface PressuresProps {
  readonly pressures: readonly { readonly host: string; readonly before: number; readonly after: number }[];
  readonly before: { readonly hottest: number };
  readonly after: { readonly hottest: number };
}

export function Pressures({ pressures, before, after }: PressuresProps) {
  const most = Math.max(1, ...pressures.flatMap((one) => [one.before, one.after]));
  const shown = pressures.slice(0, SHOWN_MAX);
  return (
    <Card aria-labelledby="pressures-title">
      <CardHead
        id="pressures-title"
        title="Hosts before and after"
        hint="worst of load over capacity within the horizon, now and with all that is recommended"
      >
        <p className="tabular text-sm text-soft">{`hottest ${percent(before.hottest)} → ${percent(after.hottest)}`}</p>
      </CardHead>
      <ul className="grid gap-2.5 border-line border-t px-5 py-4">
        {shown.map(({ host, before, after }) => (
          <li
            key={host}
            className="grid grid-cols-[7rem_minmax(0,1fr)_8rem] items-center gap-3 text-sm max-sm:grid-cols-[5rem_minmax(0,1fr)_6.5rem]"
          >
            <span className="truncate" title={host}>
              {host}
            </span>
            <span aria-hidden className="relative grid h-5 content-center gap-0.5">
              <Bar share={before / most} className="bg-line-strong" />
              <Bar share={after / most} className={after > 1 ? 'bg-bad-mark' : 'bg-accent'} />
              <span
                className="absolute inset-y-0 border-text border-l border-dashed opacity-50"
                style={{ left: `${100 / most}%` }}
              />
            </span>
            <span className="tabular text-right text-soft text-xs">{`${percent(before)} → ${percent(after)}`}</span>
          </li>
        ))}
      </ul>
      {pressures.length > shown.length ? (
        <p className="px-5 pb-4 text-faint text-xs">{`the hottest ${shown.length} of ${pressures.length}`}</p>
      ) : null}
      <p className="px-5 pb-4 text-faint text-xs">
        grey: now; coloured: with all that is recommended; dashed: full capacity
      </p>
    </Card>
  );
}

function Bar({ share, className }: { share: number; className: string }) {
  return (
    <span
      className={`block h-2 rounded-sm ${className}`}
      style={{ width: `${Math.max(0.5, 100 * share)}%` }}
    />
  );
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
