'use client';

/** The call of the edge's API that does the same: nothing can be done on a page alone. */
import { type AnyOperation, type OperationRequest, requestOf } from '@foreshard/core/operations';
import type { z } from 'zod';
import { useLive } from './live/live-provider.tsx';
import { quoted } from './take-away.tsx';
import { CopyButton } from './ui/copy-button.tsx';

/** Until the first picture has come. */
export const NO_EDGE = 'http://EDGE';

export function EdgeCurl<O extends AnyOperation>({
  operation,
  input,
}: {
  operation: O;
  input: z.input<O['input']>;
}) {
  const { frame } = useLive();
  return (
    <CopyButton
      text={edgeCurl(frame?.edgeUrl ?? NO_EDGE, requestOf(operation, input))}
      label="Copy as curl"
    />
  );
}

/** The token stays in its file: the console never sends it to a browser. */
export function edgeCurl(edgeUrl: string, { method, path, body }: OperationRequest): string {
  const content =
    body === undefined ? '' : ` -H 'Content-Type: ${body.mediaType}' --data-binary ${quoted(body.text)}`;
  return `curl -sX ${method} ${quoted(edgeUrl + path)} -H "Authorization: Bearer $FORESHARD_TOKEN"${content}`;
}
