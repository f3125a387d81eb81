'use client';

/** Buttons that give orders: disabled, with the role that is needed, for whoever may not give them. */
import type { Permission, Target } from '@foreshard/core/access';
import { type AnyOperation, targetOf } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import type { ComponentProps } from 'react';
import { useTRPC } from './api.ts';
import { cn } from './class-names.ts';
import { obstacleOf } from './permissions.ts';
import { Button } from './ui/button.tsx';
import { Tooltip } from './ui/tooltip.tsx';

/** A change of roles is seen within this time; it holds at the server earlier. */
const ACCOUNT_REFRESH_MS = 5_000;

/** Who I am, and what I may do. */
export function useAccount() {
  const trpc = useTRPC();
  return useQuery({ ...trpc.operations.account.show.queryOptions(), staleTime: Number.POSITIVE_INFINITY });
}

/** Once in a page: each of its buttons would ask for itself. */
export function AccountFollower() {
  const trpc = useTRPC();
  useQuery({ ...trpc.operations.account.show.queryOptions(), refetchInterval: ACCOUNT_REFRESH_MS });
  return null;
}

/** Why I may not do this; undefined: I may, or it is not known yet. */
export function useObstacle(permission: Permission, target: Target = {}): string | undefined {
  return obstacleOf(useAccount().data?.grants, permission, target);
}

/** The same of an operation with this input. */
export function useObstacleTo(operation: AnyOperation, input: object = {}): string | undefined {
  return useObstacle(operation.permission, targetOf(operation, input));
}

interface MayProps extends ComponentProps<typeof Button> {
  /** what the button orders, or opens a dialog for */
  readonly may: AnyOperation;
  /** what the order is about, as far as it is known */
  readonly on?: object;
}

/** A button as any other; whoever may not give its order can still reach it and read why. */
export function MayButton({ may, on = {}, ...props }: MayProps) {
  const obstacle = useObstacleTo(may, on);
  if (obstacle === undefined) return <Button {...props} />;
  return <BarredButton why={obstacle} {...props} />;
}

/** Not `disabled`: a tooltip needs what can be pointed at and focused. */
export function BarredButton({
  why,
  onClick: _,
  disabled: __,
  type: ___,
  'aria-haspopup': ____,
  ...props
}: ComponentProps<typeof Button> & { why: string }) {
  return (
    <Tooltip tip={why}>
      <Button
        {...props}
        aria-disabled
        onClick={(event) => event.preventDefault()}
        className={cn(props.className, 'cursor-not-allowed opacity-55')}
      />
    </Tooltip>
  );
}
