'use client';

import { ArrowRight } from 'lucide-react';
import { Badge } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatBytes, formatCount, formatPercent } from '../../formatting/numbers.ts';
import type { MovingShardlet } from '../../server/shard-map/shard-picture.ts';

/** Running moves, source to destination, and how far each is. */
export function MoveTable({ moves, error }: { moves: readonly MovingShardlet[]; error: string | undefined }) {
  return (
    <Card aria-labelledby="moves-title" className="overflow-hidden">
      <CardHead
        id="moves-title"
        title="Running moves"
        hint={moves.length === 0 ? undefined : `${formatCount(moves.length)} shardlets are on their way`}
      />
      {error !== undefined ? (
        <p className="border-line border-t px-5 py-6 text-bad text-sm">{error}</p>
      ) : moves.length === 0 ? (
        <p className="border-line border-t px-5 py-6 text-soft text-sm">
          Nothing moves. A move shows here, and as an arrow on the map, from its decision to its end.
        </p>
      ) : (
        <ul className="border-line border-t">
          {moves.map((move) => (
            <MoveLine key={move.shardlet} move={move} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function MoveLine({ move }: { move: MovingShardlet }) {
  const { progress } = move;
  return (
    <li className="grid gap-x-6 gap-y-1 border-line border-b px-5 py-3 text-sm last:border-b-0 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)] md:items-center">
      <p className="flex flex-wrap items-center gap-2">
        <span className="font-mono text-xs">{move.shardlet}</span>
        <span className="text-faint">{move.stream}</span>
        <span className="font-medium">{move.source}</span>
        <ArrowRight aria-label="to" className="size-3.5 text-faint" />
        <span className="font-medium">{move.dest}</span>
      </p>
      {progress === null ? (
        <p className="text-soft">
          {move.isLogRead ? 'decided; a worker begins with it soon' : 'how far it is cannot be read now'}
        </p>
      ) : (
        <div className="grid gap-1">
          <p className="flex flex-wrap items-center gap-2">
            <Badge tone={progress.order === 'go' ? 'accent' : 'warn'}>
              {progress.order === 'go' ? progress.phase : progress.order}
            </Badge>
            <span className="tabular text-soft">
              {progress.copied === null ? '' : `${formatPercent(progress.copied)}, `}
              {formatBytes(progress.bytes)}
              {progress.bytesPerSecond > 0 ? ` at ${formatBytes(progress.bytesPerSecond)}/s` : ''}
            </span>
          </p>
          {progress.copied === null ? null : (
            <div aria-hidden className="h-1 rounded-full bg-hover">
              <div className="h-1 rounded-full bg-accent" style={{ width: `${progress.copied * 100}%` }} />
            </div>
          )}
        </div>
      )}
      <p className={progress?.obstacle ? 'text-warn' : 'text-soft'}>
        {progress === null
          ? ''
          : progress.obstacle || `by ${progress.actor}${progress.reason ? `: ${progress.reason}` : ''}`}
      </p>
    </li>
  );
}
