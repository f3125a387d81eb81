'use client';

/** One dead letter with its event, for whoever may read payloads. */
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { Button } from '../../components/ui/button.tsx';
import { CopyButton } from '../../components/ui/copy-button.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { prettyJson } from '../events/pretty-json.ts';

const SHOWN_CHARS_MAX = 20_000;
const MICROS_PER_MS = 1_000;

export function LetterDetail({ group, letter, onClose }: { group: string; letter: string; onClose(): void }) {
  const trpc = useTRPC();
  const detail = useQuery(trpc.operations.deadLetters.show.queryOptions({ group, letter }));
  const { data } = detail;
  return (
    <section aria-labelledby="letter-title" className="grid gap-4 border-line border-t bg-sunken px-5 py-4">
      <div className="flex items-center justify-between gap-3">
        <h3 id="letter-title" className="min-w-0 truncate font-semibold text-sm">
          Letter {letter}
        </h3>
        <Button look="quiet" size="icon" aria-label="Close the letter" onClick={onClose}>
          <X />
        </Button>
      </div>
      {data === undefined ? (
        detail.error === null ? (
          <Loading className="h-28" />
        ) : (
          <p role="alert" className="text-bad text-sm">
            {detail.error.message}
          </p>
        )
      ) : (
        <>
          <dl className="flex flex-wrap gap-x-8 gap-y-3 text-sm">
            <Fact name="Stored">
              <When ms={data.ts / MICROS_PER_MS} nowMs={Date.now()} />
            </Fact>
            <Fact name="Stream">{data.stream}</Fact>
            <Fact name="Given up by">{data.member}</Fact>
          </dl>
          <p className="whitespace-pre-wrap break-words text-sm">{data.reason}</p>
          {data.event === null ? (
            <p className="text-soft text-sm">
              The event is not shown: reading payloads of {data.stream} needs the role reader.
            </p>
          ) : (
            <Event text={data.event} />
          )}
        </>
      )}
    </section>
  );
}

function Event({ text }: { text: string }) {
  const pretty = prettyJson(text);
  return (
    <div className="grid gap-2">
      <div className="flex items-center gap-2">
        <CopyButton text={text} label="Copy the event" />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-md border border-line bg-surface p-3 font-mono text-xs"
      >
        {pretty.slice(0, SHOWN_CHARS_MAX)}
        {pretty.length > SHOWN_CHARS_MAX ? '\n… the rest is in the copy' : ''}
      </pre>
    </div>
  );
}
