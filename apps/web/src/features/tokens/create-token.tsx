'use client';

/** A token for a program: what it may do, where, from which networks, and how long. */
import { allows, PERMISSION_TABLE, PERMISSIONS, type Permission } from '@foreshard/core/access';
import { tokens } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { MayButton, useAccount } from '../../components/may-button.tsx';
import { OrderDialog, OrderForm } from '../../components/order-dialog.tsx';
import { Field, Select } from '../../components/ui/field.tsx';
import { useTyped } from '../../components/use-typed.ts';
import { listed, scopeOf } from '../users/role-form.ts';
import { ShownToken } from './shown-token.tsx';
import { LIFETIME_DAYS, LIFETIMES, SECONDS_PER_DAY } from './token-text.ts';

/** For a person alone. */
const OFFERED = PERMISSIONS.filter((permission) => permission !== 'account:use');

export function CreateToken() {
  return (
    <OrderDialog
      trigger={
        <MayButton may={tokens.create} look="primary">
          <Plus /> New token
        </MayButton>
      }
      title="New API token"
      description="For one program: give it what it needs and nothing more. It can do no more than you can."
    >
      {() => <CreateForm />}
    </OrderDialog>
  );
}

function CreateForm() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const [text, field] = useTyped({
    ...{ name: '', streams: '', groups: '', clusters: '', cidrs: '', days: String(LIFETIME_DAYS) },
  });
  const [chosen, setChosen] = useState<readonly Permission[]>([]);
  const create = useMutation(
    trpc.operations.tokens.create.mutationOptions({
      onSuccess: () => client.invalidateQueries({ queryKey: trpc.operations.tokens.pathKey() }),
    }),
  );
  if (create.data !== undefined) return <ShownToken {...create.data} />;
  const limits = new Set(chosen.flatMap((permission) => [...PERMISSION_TABLE[permission].limitedBy]));
  const input = {
    name: text.name.trim(),
    scopes: [...chosen],
    limits: scopeOf({
      streams: limits.has('streams') ? text.streams : '',
      groups: limits.has('groups') ? text.groups : '',
      clusters: limits.has('clusters') ? text.clusters : '',
    }),
    cidrs: listed(text.cidrs),
    lifetimeSeconds: text.days === '' ? null : Number(text.days) * SECONDS_PER_DAY,
  };
  return (
    <OrderForm
      order={create}
      action="Create the token"
      disabled={input.name === '' || chosen.length === 0}
      onSubmit={() => create.mutate(input)}
    >
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_8rem]">
        <Field
          label="Name"
          placeholder="shop"
          hint="the program that uses it"
          autoComplete="off"
          autoFocus
          {...field('name')}
        />
        <Select label="Expires after" className="content-start gap-2" {...field('days')}>
          {LIFETIMES.map(([words, days]) => (
            <option key={words} value={days ?? ''}>
              {words}
            </option>
          ))}
        </Select>
      </div>
      <Permissions chosen={chosen} onChange={setChosen} />
      {limits.size === 0 ? null : (
        <div className="grid gap-4 sm:grid-cols-2">
          {limits.has('streams') ? (
            <Field
              label="Only streams"
              placeholder="orders, payments/eu-"
              hint="empty: all. After a slash: how keys begin"
              spellCheck={false}
              {...field('streams')}
            />
          ) : null}
          {limits.has('groups') ? (
            <Field
              label="Only consumer groups"
              placeholder="billing"
              hint="empty: all"
              spellCheck={false}
              {...field('groups')}
            />
          ) : null}
          {limits.has('clusters') ? (
            <Field
              label="Only clusters"
              placeholder="., legacy"
              hint="empty: all. “.” is this one"
              spellCheck={false}
              {...field('clusters')}
            />
          ) : null}
        </div>
      )}
      <Field
        label="Only from networks"
        placeholder="10.0.0.0/8"
        hint="empty: from anywhere"
        spellCheck={false}
        {...field('cidrs')}
      />
      <div className="justify-self-start">
        <EdgeCurl operation={tokens.create} input={input} />
      </div>
    </OrderForm>
  );
}

function Permissions({
  chosen,
  onChange,
}: {
  chosen: readonly Permission[];
  onChange(chosen: readonly Permission[]): void;
}) {
  const grants = useAccount().data?.grants;
  return (
    <fieldset className="grid max-h-64 gap-1.5 overflow-y-auto rounded-md border border-line p-3">
      <legend className="px-1 font-medium text-sm">It may</legend>
      {OFFERED.map((permission) => {
        const isMine =
          grants === undefined || grants.some(({ permissions }) => permissions.includes(permission));
        const isEverywhere = grants === undefined || allows(grants, permission);
        return (
          <label key={permission} className="flex items-start gap-2 text-sm has-disabled:text-faint">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-(--accent)"
              checked={chosen.includes(permission)}
              disabled={!isMine}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...chosen, permission] : chosen.filter((one) => one !== permission),
                )
              }
            />
            <span>
              {PERMISSION_TABLE[permission].allows}
              <span className="text-faint text-xs">
                {' '}
                {permission}
                {isMine ? (isEverywhere ? '' : ', within your limits') : ', which you may not'}
              </span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
