'use client';

import { demo } from '@foreshard/core/operations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Eye } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';

/** Starts it and shows its page; why it does not start is said where the button is. */
export function StartDemo({
  label = 'Watch it work',
  look = 'primary',
}: {
  label?: string;
  look?: 'primary' | 'secondary';
}) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const router = useRouter();
  const start = useMutation(
    trpc.operations.demo.start.mutationOptions({
      onSuccess(status) {
        client.setQueryData(trpc.operations.demo.status.queryKey({}), status);
        router.push('/demo');
      },
      onError: (error) => toast.error('The demo was not started', { description: error.message }),
    }),
  );
  return (
    <MayButton may={demo.start} look={look} disabled={start.isPending} onClick={() => start.mutate({})}>
      <Eye /> {label}
    </MayButton>
  );
}
