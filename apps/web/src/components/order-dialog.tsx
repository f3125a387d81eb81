'use client';

/** How people give an order that takes more than a click: asked for in a dialog, and refused there with the reason. */
import type { AnyOperation } from '@foreshard/core/operations';
import { Trash2 } from 'lucide-react';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { MayButton } from './may-button.tsx';
import { ProblemText } from './problem-text.tsx';
import { Button } from './ui/button.tsx';
import { Dialog, DialogClose, DialogContent, DialogTrigger } from './ui/dialog.tsx';

interface DialogProps {
  readonly title: string;
  readonly description: string;
}

/** What is in it lives while it is open: every opening begins anew. */
export function OrderDialog({
  trigger,
  children,
  ...words
}: DialogProps & {
  /** the button that opens it */
  readonly trigger: ReactNode;
  children(close: () => void): ReactNode;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent {...words}>{children(() => setOpen(false))}</DialogContent>
    </Dialog>
  );
}

/** What a mutation tells of an order. */
interface Order {
  readonly isPending: boolean;
  readonly error: { readonly message: string } | null;
}

interface OrderFormProps extends Pick<ComponentProps<typeof Button>, 'look'> {
  readonly order: Order;
  /** what the button says that gives it */
  readonly action: string;
  readonly cancel?: string;
  /** something is missing yet */
  readonly disabled?: boolean;
  onSubmit(): void;
  readonly children?: ReactNode;
}

/** The fields of an order, why it was refused, and the two ways out of its dialog. */
export function OrderForm(props: OrderFormProps) {
  const { order, action, cancel = 'Cancel', disabled = false, look = 'primary', onSubmit, children } = props;
  return (
    <form
      className="mt-5 grid gap-4"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <ProblemText error={order.error} />
      <div className="flex justify-end gap-2">
        <DialogClose asChild>
          <Button look="quiet">{cancel}</Button>
        </DialogClose>
        <Button type="submit" look={look} disabled={disabled || order.isPending}>
          {order.isPending ? 'Working …' : action}
        </Button>
      </div>
    </form>
  );
}

/** Asks before one of a list goes for good; it closes with its line. */
export function RemoveDialog({
  may,
  on,
  name,
  action,
  order,
  onRemove,
  children,
  ...words
}: DialogProps & {
  /** the order, and what it is about */
  readonly may: AnyOperation;
  readonly on?: object;
  readonly name: string;
  readonly action: string;
  readonly order: Order & { reset(): void };
  onRemove(): void;
  readonly children?: ReactNode;
}) {
  return (
    <Dialog onOpenChange={() => order.reset()}>
      <DialogTrigger asChild>
        <MayButton may={may} {...(on && { on })} look="quiet" size="sm" aria-label={`Remove ${name}`}>
          <Trash2 />
        </MayButton>
      </DialogTrigger>
      <DialogContent {...words}>
        <OrderForm order={order} action={action} cancel="Keep it" look="danger" onSubmit={onRemove}>
          {children === undefined ? null : <div className="justify-self-start">{children}</div>}
        </OrderForm>
      </DialogContent>
    </Dialog>
  );
}
