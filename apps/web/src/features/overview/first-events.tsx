'use client';

import { Eye, Plane, SquareTerminal } from 'lucide-react';
import { useLive } from '../../components/live/live-provider.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import { StartDemo } from '../demo/start-demo.tsx';
import { SAMPLE_ROWS_TEXT, StartSample } from '../sample/start-sample.tsx';

/** A cluster without events: what it does, shown, and the two ways to its first ones. */
export function FirstEvents() {
  const { frame } = useLive();
  if (frame === undefined) return null;
  return (
    <section
      aria-labelledby="first-title"
      className="card relative overflow-hidden px-6 py-8 sm:px-10 sm:py-10"
    >
      <div className="pointer-events-none absolute inset-0 bg-[radial-gradient(50rem_24rem_at_100%_0%,var(--glow),transparent)]" />
      <div className="relative max-w-2xl">
        <h2 id="first-title" className="text-xl font-semibold">
          Everything is ready for the first event
        </h2>
        <p className="mt-2 text-md text-soft">
          {frame.leaves} shardlets wait on {formatCounted(frame.hostsTotal, 'host')}. Watch them fill with
          recorded departures, or send an event of your own.
        </p>
      </div>
      <div className="relative mt-6 grid gap-3 border-line border-t pt-6">
        <h3 className="flex items-center gap-2 text-base font-semibold">
          <Eye aria-hidden className="size-4 text-accent" /> Watch it work
        </h3>
        <p className="max-w-2xl text-soft">
          In less than three minutes: a rush hits one of these hosts, with the forecast and without it, six
          times in turns, and you see what each refused. It runs on a stream of its own, which is deleted at
          the end.
        </p>
        <div>
          <StartDemo />
        </div>
      </div>
      <div className="relative mt-7 grid grid-cols-[minmax(0,1fr)] gap-6 border-line border-t pt-6 lg:grid-cols-[minmax(0,5fr)_minmax(0,7fr)] lg:gap-10">
        <div className="grid content-start gap-3">
          <h3 className="flex items-center gap-2 text-base font-semibold">
            <Plane aria-hidden className="size-4 text-accent" /> Replay the sample
          </h3>
          <p className="text-soft">
            {SAMPLE_ROWS_TEXT} real departures from 2001 go through the edge, are stored on the hosts, read
            back, and compared one by one.
          </p>
          <div>
            <StartSample look="secondary" />
          </div>
        </div>
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-3">
          <h3 className="flex items-center gap-2 text-base font-semibold">
            <SquareTerminal aria-hidden className="size-4 text-accent" /> Send your own
          </h3>
          <p className="text-soft">Any CloudEvent, by HTTP. Run it in the folder of the checkout:</p>
          <Command text={curlExample(frame.edgeUrl)} />
        </div>
      </div>
    </section>
  );
}

/** The token stays in its file: the console never sends it to a browser. */
function curlExample(edgeUrl: string): string {
  return [
    `TOKEN=$(node -p 'require("./.foreshard/credentials.json").token')`,
    `curl -i ${edgeUrl}/v1/events \\`,
    `  -H "Authorization: Bearer $TOKEN" \\`,
    `  -H "Content-Type: application/cloudevents+json" \\`,
    `  -d '{"specversion":"1.0","type":"hello","source":"/me","id":"1","subject":"first"}'`,
  ].join('\n');
}
