'use client';

/** What can be done with a host: a menu, so that a list of hundreds has no hundred red buttons. */
import { type AnyOperation, hosts } from '@foreshard/core/operations';
import { Ellipsis } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useRef, useState } from 'react';
import { useObstacleTo } from '../../components/may-button.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Dialog, DialogContent } from '../../components/ui/dialog.tsx';
import type { HostView } from '../../server/cluster/host-views.ts';
import { DrainOrder, drainWords } from './drain-host.tsx';
import { EditForm, editWords } from './edit-host.tsx';
import { RemoveOrder, removeWords } from './remove-host.tsx';
import { ReviewLoss } from './review-loss.tsx';

type Order = 'edit' | 'drain' | 'remove';

export function HostOrders({ host }: { host: HostView }) {
  const [order, setOrder] = useState<Order>();
  const selected = useRef<Order>(undefined);
  const isDraining = host.condition === 'draining';
  const select = (one: Order) => () => {
    selected.current = one;
  };
  return (
    <div className="inline-flex items-center gap-2">
      {host.condition === 'regressed' ? <ReviewLoss host={host} /> : null}
      <DropdownMenu.Root>
        <DropdownMenu.Trigger asChild>
          <Button size="sm" aria-label={`Actions: ${host.name}`}>
            <Ellipsis />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={6}
            // opened when the menu has let go of the focus, so that the dialog gives it back to the button
            onCloseAutoFocus={() => {
              setOrder(selected.current);
              selected.current = undefined;
            }}
            className="z-50 min-w-40 max-w-64 animate-fade rounded-md border border-line bg-surface p-1 shadow-raised"
          >
            <Item may={hosts.describe} text="Edit" onSelect={select('edit')} />
            <Item
              may={isDraining ? hosts.undrain : hosts.drain}
              text={isDraining ? 'Undo drain' : 'Drain'}
              onSelect={select('drain')}
            />
            <DropdownMenu.Separator className="my-1 h-px bg-line" />
            <Item may={hosts.remove} text="Remove" tone="text-bad" onSelect={select('remove')} />
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Dialog open={order !== undefined} onOpenChange={() => setOrder(undefined)}>
        {order === undefined ? null : (
          <OrderOf host={host} order={order} onDone={() => setOrder(undefined)} />
        )}
      </Dialog>
    </div>
  );
}

function Item(props: { may: AnyOperation; text: string; tone?: string; onSelect(): void }) {
  const { may, text, tone = 'text-soft', onSelect } = props;
  const obstacle = useObstacleTo(may);
  return (
    <DropdownMenu.Item
      disabled={obstacle !== undefined}
      onSelect={onSelect}
      className={`grid cursor-pointer rounded-sm px-2 py-1.5 text-sm outline-none data-[disabled]:cursor-not-allowed data-[highlighted]:bg-hover ${tone}`}
    >
      {text}
      {obstacle === undefined ? null : <span className="text-faint text-xs">{obstacle}</span>}
    </DropdownMenu.Item>
  );
}

function OrderOf({ host, order, onDone }: { host: HostView; order: Order; onDone(): void }) {
  const { id, name } = host;
  const drained = { id, name, isDraining: host.condition === 'draining' };
  if (order === 'edit')
    return (
      <DialogContent {...editWords(host)}>
        <EditForm host={host} onDone={onDone} />
      </DialogContent>
    );
  if (order === 'drain')
    return (
      <DialogContent {...drainWords(drained)}>
        <DrainOrder host={drained} onDone={onDone} />
      </DialogContent>
    );
  return (
    <DialogContent {...removeWords(host)}>
      <RemoveOrder host={host} onDone={onDone} />
    </DialogContent>
  );
}
