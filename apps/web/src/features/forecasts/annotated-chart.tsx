'use client';

import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';
import { AnnotationList } from '../annotations/annotation-list.tsx';
import { useAnnotations } from '../annotations/use-annotations.ts';
import { ForecastChart } from './forecast-chart.tsx';
import type { RateUnit } from './rate-unit.ts';

/** The chart with what people remarked about its time, and the same in words. */
export function AnnotatedChart(props: {
  picture: ForecastPicture & { readonly stream: string };
  unit: RateUnit;
  show: 'load' | 'residual';
}) {
  const { points, stream, nowMs } = props.picture;
  const time = { fromMs: points[0]?.ms ?? nowMs, toMs: points.at(-1)?.ms ?? nowMs };
  const annotations = useAnnotations(stream, time);
  return (
    <>
      <ForecastChart {...props} annotations={annotations} />
      {annotations.length === 0 ? null : (
        <div className="px-5 pb-4">
          <AnnotationList list={annotations} />
        </div>
      )}
    </>
  );
}
