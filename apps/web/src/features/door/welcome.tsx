'use client';

/**
 * Where one-time links lead. The secret stands in the fragment, which browsers send nowhere: it is in no log of a proxy,
 * and not in the history once it was read.
 */
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { ask, type Problem, ProblemNote, send, useDoorForm } from './door-form.tsx';

interface Link {
  readonly secret: string;
  readonly kind: 'first-administrator' | 'invitation' | 'reset';
  readonly email: string | null;
}
type Opened = { readonly link: Link } | { readonly problem: Problem };

const TITLES: Readonly<Record<Link['kind'], string>> = {
  'first-administrator': 'Create the first administrator',
  invitation: 'Accept the invitation',
  reset: 'Choose a new password',
};

export function Welcome() {
  const opened = useLink();
  if (opened === undefined) return <Loading className="h-64" />;
  if ('problem' in opened)
    return (
      <>
        <h1 className="font-semibold text-xl">This link cannot be used</h1>
        <ProblemNote>{opened.problem.detail}</ProblemNote>
        <p className="text-soft">
          Each link works once and for a limited time. Ask an administrator for a new one, or run{' '}
          <code>npm run foreshard -- users link</code> on the machine of the control plane.
        </p>
        <a href="/sign-in" className="font-medium text-accent underline-offset-4 hover:underline">
          Go to the sign-in
        </a>
      </>
    );
  return <WelcomeForm {...opened.link} />;
}

function useLink(): Opened | undefined {
  const [opened, setOpened] = useState<Opened>();
  // development runs effects twice, and the address is cleaned by the first
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    const secret = window.location.hash.slice(1);
    window.history.replaceState(null, '', '/welcome');
    ask<Omit<Link, 'secret'>>('POST', '/api/links/describe', { secret }).then((answer) =>
      setOpened(answer.ok ? { link: { ...answer.value, secret } } : { problem: answer.problem }),
    );
  }, []);
  return opened;
}

function WelcomeForm({ secret, kind, email }: Link) {
  const form = useRef<HTMLFormElement>(null);
  const { problem, busy, submit } = useDoorForm(async () => {
    const given = Object.fromEntries(new FormData(form.current!)) as Record<string, string>;
    if (given.password !== given.again) return { field: 'again', detail: 'The two passwords differ.' };
    const { again: _, ...entry } = given;
    const found = await send('POST', '/api/links', { ...entry, secret });
    if (found === undefined) window.location.assign('/');
    return found;
  });
  const errorOf = (field: string) => (problem?.field === field ? problem.detail : undefined);
  return (
    <>
      <h1 className="font-semibold text-xl">{TITLES[kind]}</h1>
      <form ref={form} onSubmit={submit} className="grid gap-4">
        {problem === undefined || problem.field !== undefined ? null : (
          <ProblemNote key={problem.detail}>{problem.detail}</ProblemNote>
        )}
        {email === null ? (
          <Field
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            required
            error={errorOf('email')}
          />
        ) : (
          <Field label="E-mail" value={email} type="email" autoComplete="username" readOnly />
        )}
        {kind === 'reset' ? null : (
          <Field label="Name" name="name" autoComplete="name" required error={errorOf('name')} />
        )}
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={12}
          maxLength={200}
          required
          hint="At least 12 characters. Several unrelated words are good."
          error={errorOf('password')}
        />
        <Field
          label="Password again"
          name="again"
          type="password"
          autoComplete="new-password"
          required
          error={errorOf('again')}
        />
        <Button type="submit" look="primary" disabled={busy}>
          {busy ? 'One moment …' : kind === 'reset' ? 'Set the password' : 'Create the account'}
        </Button>
      </form>
    </>
  );
}
