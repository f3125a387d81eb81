'use client';

/** Where a person lets a command line in: compare the code, see which machine it is, approve or deny. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';

const LETTERS = 8;

export function DevicePage({ code: given }: { code: string }) {
  const [code, setCode] = useState(given);
  const [asked, setAsked] = useState(given);
  function look(event: FormEvent) {
    event.preventDefault();
    setAsked(code);
  }
  return (
    <Card aria-labelledby="device-title" className="mx-auto max-w-xl">
      <CardHead
        id="device-title"
        title="Let a command line in"
        hint="It acts as you from then on. Compare the code with the one that the command shows."
      />
      <div className="grid gap-4 border-line border-t px-5 py-4">
        <form onSubmit={look} className="flex flex-wrap items-end gap-3">
          <Field
            label="Code"
            value={code}
            autoComplete="off"
            placeholder="BCDF-GHJK"
            onChange={(event) => setCode(event.target.value)}
          />
          <Button type="submit" disabled={code.replaceAll(/[^a-z]/gi, '').length !== LETTERS}>
            Search
          </Button>
        </form>
        {asked === '' ? null : <Waiting key={asked} code={asked} />}
      </div>
    </Card>
  );
}

function Waiting({ code }: { code: string }) {
  const trpc = useTRPC();
  const { data, error } = useQuery({
    ...trpc.operations.account.device.queryOptions({ code }),
    retry: false,
    refetchOnWindowFocus: false,
  });
  const decide = useMutation(trpc.operations.account.decideDevice.mutationOptions());
  if (error !== null) return <ProblemText error={error} />;
  if (data === undefined) return <p className="text-faint text-sm">Searching...</p>;
  if (decide.data !== undefined)
    return (
      <p role="status" className="text-sm">
        {decide.data.result === 'approved'
          ? `${data.device} is let in: the command goes on. Its token is on the page API tokens, where you can revoke it.`
          : `${data.device} is not let in.`}
      </p>
    );
  return (
    <div className="grid gap-3">
      <p className="text-sm">
        A command line on <strong>{data.device}</strong> shows <code className="font-mono">{data.code}</code>.
        Let it in only if you have started it yourself.
      </p>
      <ProblemText error={decide.error} />
      <div className="flex justify-end gap-2">
        <Button look="danger" onClick={() => decide.mutate({ code, approve: false })}>
          Deny
        </Button>
        <Button look="primary" onClick={() => decide.mutate({ code, approve: true })}>
          Let it in
        </Button>
      </div>
    </div>
  );
}
