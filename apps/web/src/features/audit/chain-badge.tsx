'use client';

/** Whether the log is whole, as the worker that seals it found last. */
import type { audit, OutputOf } from '@foreshard/core/operations';
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react';
import { Badge } from '../../components/ui/badge.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';

type Chain = OutputOf<typeof audit.chain>;

/** A worker verifies every ten minutes. */
const OLD_MS = 1_800_000;

export function ChainBadge({ chain, nowMs }: { chain: Chain | undefined; nowMs: number }) {
  if (chain === undefined) return null;
  const { head, verified, fault, unsealed } = chain;
  const waiting = unsealed === 0 ? '' : ` ${formatCount(unsealed)} rows waited for a seal then.`;
  if (fault !== null)
    return (
      <Badge tone="bad" tip={`${fault} Run "foreshard audit verify" on the machine with the key.`}>
        <ShieldAlert className="size-3.5" aria-hidden /> Does not verify
      </Badge>
    );
  if (head === null || verified === null || verified.to === 0)
    return (
      <Badge tip="A worker seals each row within a second or two and verifies the chain every ten minutes. None has told its result yet.">
        <ShieldQuestion className="size-3.5" aria-hidden /> Not verified yet
      </Badge>
    );
  const ageMs = nowMs - Date.parse(verified.at);
  return (
    <Badge
      tone={ageMs > OLD_MS ? 'warn' : 'ok'}
      tip={
        <>
          The chain held up to seal {formatCount(verified.to)} when a worker verified it{' '}
          {formatDuration(ageMs)} ago. Head {head.number}:
          <span className="break-all font-mono">{head.hash.slice(0, 16)}…</span>.{waiting} Keep heads
          elsewhere: against one, an end that was cut off shows.
        </>
      }
    >
      <ShieldCheck className="size-3.5" aria-hidden /> Verified up to {formatCount(verified.to)}
    </Badge>
  );
}
