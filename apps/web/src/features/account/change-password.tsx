'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Field } from '../../components/ui/field.tsx';

const LENGTH_MIN = 12;

export function ChangePassword({ signIn }: { signIn: 'password' | 'oidc' }) {
  return (
    <Card aria-labelledby="password-title">
      <CardHead id="password-title" title="Password" />
      {signIn === 'oidc' ? (
        <p className="border-line border-t px-5 py-4 text-sm text-soft">
          You sign in at the identity provider: the password is changed there.
        </p>
      ) : (
        <PasswordForm />
      )}
    </Card>
  );
}

function PasswordForm() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [typed, setTyped] = useState({ current: '', password: '', again: '' });
  const change = useMutation(
    trpc.operations.account.changePassword.mutationOptions({
      onSuccess: async ({ sessionsEnded }) => {
        setTyped({ current: '', password: '', again: '' });
        toast.success('The password is changed', {
          description: sessionsEnded === 0 ? undefined : `Other sessions that ended: ${sessionsEnded}`,
        });
        await client.invalidateQueries({ queryKey: trpc.operations.account.pathKey() });
      },
    }),
  );
  const field = (name: keyof typeof typed) => ({
    type: 'password',
    value: typed[name],
    onChange: (event: { target: { value: string } }) => {
      change.reset();
      setTyped({ ...typed, [name]: event.target.value });
    },
  });
  const { current, password, again } = typed;
  const differs = again !== '' && again !== password ? 'Not the same' : undefined;
  const isReady = current !== '' && password.length >= LENGTH_MIN && password === again;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (isReady) change.mutate({ current, password });
  }
  return (
    <form
      className="grid gap-3 border-line border-t px-5 py-4"
      noValidate
      onSubmit={submit}
      aria-labelledby="password-title"
    >
      <Field label="Current password" autoComplete="current-password" {...field('current')} />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field
          label="New password"
          autoComplete="new-password"
          hint={`At least ${LENGTH_MIN} characters; several unrelated words are good`}
          {...field('password')}
        />
        <Field label="New password again" autoComplete="new-password" error={differs} {...field('again')} />
      </div>
      <ProblemText error={change.error} />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-faint text-xs">Your other sessions end.</p>
        <Button type="submit" look="primary" disabled={!isReady || change.isPending}>
          Change password
        </Button>
      </div>
    </form>
  );
}
