'use client';

/** "Is it fine, and what needs me?" */
import { useLive } from '../../components/live/live-provider.tsx';
import { DemoPanel } from '../demo/demo-panel.tsx';
import { SampleOffer, SamplePanel } from '../sample/sample-panel.tsx';
import { BusiestShardlets } from './busiest-shardlets.tsx';
import { FirstEvents } from './first-events.tsx';
import { HostStrip } from './host-strip.tsx';
import { KeySpace } from './key-space.tsx';
import { LoadChart } from './load-chart.tsx';
import { MiniHeat } from './mini-heat.tsx';
import { Tiles } from './tiles.tsx';
import { VerdictBand } from './verdict-band.tsx';
import { Waiting } from './waiting.tsx';

export function Overview() {
  const { frame, sample } = useLive();
  const hasEvents = frame !== undefined && frame.lastEventAtMs !== null;
  const canTake = frame !== undefined && frame.hostsTotal > 0;
  const isNew = frame !== undefined && !hasEvents && canTake && sample.kind !== 'running';
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4 sm:gap-5">
      <VerdictBand />
      <Tiles />
      <Waiting />
      <SamplePanel />
      <DemoPanel />
      {isNew ? (
        <FirstEvents />
      ) : (
        <>
          <LoadChart />
          <MiniHeat />
          <KeySpace />
        </>
      )}
      <HostStrip />
      {isNew ? null : <BusiestShardlets />}
      {hasEvents && canTake ? <SampleOffer /> : null}
    </div>
  );
}
