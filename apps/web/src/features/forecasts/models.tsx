'use client';

/** The registry: champion and challengers with how good they were, who promoted whom, and the way back. */
import { models as modelOrders } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatCount, formatPercent } from '../../formatting/numbers.ts';
import { formatMoment } from '../../formatting/time.ts';
import { NotRead } from './not-read.tsx';
import { type RateUnit, rateText } from './rate-unit.ts';

const REFRESH_MS = 5_000;
const STEP_MS = { '5m': 300_000, '1h': 3_600_000 } as const;
type Resolution = keyof typeof STEP_MS;
/** as the worker judges it */
const DRIFT_RATIO = 1.5;
const HEADS = ['Version', 'Model', 'Window', 'MAE', 'RMSE', 'MASE', 'WAPE', 'Pinball', 'p90 held', 'Fit', ''];

export function Models({
  stream,
  resolution,
  unit,
}: {
  stream: string | null;
  resolution: Resolution;
  unit: RateUnit;
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { zone } = useZone();
  const models = useQuery({
    ...trpc.forecasts.models.queryOptions({ stream, resolution }),
    refetchInterval: REFRESH_MS,
  });
  const done = {
    onSuccess: async () => {
      toast.success('The champion was changed; it serves within a minute');
      await client.invalidateQueries();
    },
    onError: (error: { message: string }) => toast.error(error.message),
  };
  const promote = useMutation(trpc.operations.models.promote.mutationOptions(done));
  const rollBack = useMutation(trpc.operations.models.rollBack.mutationOptions(done));
  const { data } = models;
  const rate = (perStep: number) => rateText((perStep * 1_000) / STEP_MS[resolution], unit);
  const newest = data?.promotions[0];
  return (
    <Card aria-labelledby="models-title" className="overflow-hidden">
      <CardHead
        id="models-title"
        title="Champion and challengers"
        hint="errors measured on the same origins of a rolling back-test"
      >
        {newest === undefined || newest.previous === null ? null : (
          <MayButton
            may={modelOrders.rollBack}
            disabled={rollBack.isPending}
            onClick={() =>
              rollBack.mutate({
                stream: data!.stream,
                resolution,
                reason: `back from version ${newest.version}`,
              })
            }
          >
            Roll back to version {newest.previous}
          </MayButton>
        )}
      </CardHead>
      {data?.drift == null ? null : <Drift {...data.drift} />}
      {data === undefined ? (
        <NotRead error={models.error} />
      ) : data.versions.length === 0 ? (
        <Notice
          title="No model was trained yet"
          why="A default model serves until the first training, which needs 72 known steps."
        />
      ) : (
        <div className="relative overflow-x-auto">
          <table className="tabular w-full text-left text-sm">
            <thead className="text-xs text-faint">
              <tr>
                {HEADS.map((head) => (
                  <th key={head} scope="col" className="px-3 py-2 font-medium">
                    {head === '' ? <span className="sr-only">Actions</span> : head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.versions.map((version) => (
                <tr key={version.id} className="border-line border-t">
                  <td className="px-3 py-2">
                    {version.id} {version.id === data.champion ? <Badge tone="ok">champion</Badge> : null}
                  </td>
                  <td className="px-3 py-2" title={version.members.join(', ')}>
                    {version.name}
                  </td>
                  <td className="whitespace-nowrap px-3 py-2 text-xs text-soft">
                    {formatMoment(version.windowFromMs, zone).slice(0, 10)} to{' '}
                    {formatMoment(version.windowToMs, zone).slice(0, 10)}
                  </td>
                  <td className="px-3 py-2" title={`seasonal naive: ${rate(version.naiveMae)}`}>
                    {rate(version.mae)}
                    {version.naiveMae > 0 ? (
                      <span className="text-xs text-faint">
                        {' '}
                        ({(version.mae / version.naiveMae).toFixed(2)} of naive)
                      </span>
                    ) : null}
                  </td>
                  <td className="px-3 py-2">{rate(version.rmse)}</td>
                  <td className="px-3 py-2">{version.mase.toFixed(2)}</td>
                  <td className="px-3 py-2">{formatPercent(version.wape)}</td>
                  <td className="px-3 py-2">{rate(version.pinball)}</td>
                  <td className="px-3 py-2">{formatPercent(version.coverage)}</td>
                  <td className="px-3 py-2">{formatCount(Math.round(version.fitMs))} ms</td>
                  <td className="px-3 py-2 text-right">
                    {version.id === data.champion ? null : (
                      <MayButton
                        may={modelOrders.promote}
                        look="quiet"
                        disabled={promote.isPending}
                        onClick={() =>
                          promote.mutate({ version: version.id, reason: 'promoted in the console' })
                        }
                      >
                        Promote
                      </MayButton>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {newest === undefined ? null : (
        <p className="border-line border-t px-5 py-3 text-xs text-faint">
          Version {newest.version} was promoted by {newest.actor}, {formatMoment(newest.atMs, zone)}:{' '}
          {newest.reason}
        </p>
      )}
    </Card>
  );
}

function Drift({ recent, expected }: { recent: number; expected: number }) {
  const ratio = recent / Math.max(expected, Number.MIN_VALUE);
  const isDrifting = ratio > DRIFT_RATIO;
  return (
    <p className={`px-5 pb-3 text-sm ${isDrifting ? 'text-warn' : 'text-soft'}`}>
      Drift: errors of late are {ratio.toFixed(2)} times those of the back-test.{' '}
      {isDrifting ? 'A training begins by itself.' : `Above ${DRIFT_RATIO} a training begins by itself.`}
    </p>
  );
}
