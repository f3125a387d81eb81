'use client';

/** The public API of the edge: where it is, how to get in, and every call. */
import { useQuery } from '@tanstack/react-query';
import { BookOpen, FileJson, KeyRound } from 'lucide-react';
import { useTRPC } from '../../components/api.ts';
import { Notice } from '../../components/notice.tsx';
import { quoted } from '../../components/take-away.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Command, CopyButton } from '../../components/ui/copy-button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import type { ApiOperation } from '../../server/api/api-document.ts';

const RETRY_MS = 5_000;
const TOKEN_FROM_FILE = `export TOKEN=$(node -p 'require("./.foreshard/credentials.json").token')`;

export function ApiPage() {
  const trpc = useTRPC();
  const api = useQuery({
    ...trpc.api.describe.queryOptions(),
    refetchInterval: (query) => (query.state.data?.version ? false : RETRY_MS),
  });
  if (api.data === undefined) return <Skeleton className="h-96 rounded-lg" />;
  const { edgeUrl, docsUrl, openApiUrl, version, openapi, tags, operations } = api.data;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-2">
        <Card aria-labelledby="where-title">
          <CardHead
            id="where-title"
            title="Where it is"
            hint={version === null ? undefined : `version ${version}`}
          />
          <div className="grid grid-cols-[minmax(0,1fr)] gap-4 px-5 pb-5">
            <Command text={edgeUrl} />
            <div className="flex flex-wrap gap-2">
              <Button asChild>
                <a href={docsUrl} target="_blank" rel="noreferrer">
                  <BookOpen /> Reference
                </a>
              </Button>
              <Button asChild>
                <a href={openApiUrl} target="_blank" rel="noreferrer">
                  <FileJson /> OpenAPI {openapi ?? 'document'}
                </a>
              </Button>
            </div>
            <p className="text-soft text-sm">
              Events are CloudEvents 1.0 over HTTP. Errors are problem documents, each with a page of its own.
            </p>
          </div>
        </Card>
        <Card aria-labelledby="token-title">
          <CardHead id="token-title" title="How to get in" />
          <div className="grid grid-cols-[minmax(0,1fr)] gap-3 px-5 pb-5 text-sm">
            <p className="flex items-center gap-2 text-soft">
              <KeyRound aria-hidden className="size-4" /> A local start has written a token to a file:
            </p>
            <Command text={TOKEN_FROM_FILE} />
            <p className="text-soft">
              It goes into every call as{' '}
              <code className="font-mono text-xs">Authorization: Bearer $TOKEN</code>. Sending needs the scope
              ingest, everything else read; the console never shows a token.
            </p>
          </div>
        </Card>
      </div>
      {version === null ? (
        <Card>
          <Notice
            tone="bad"
            title="The edge does not describe itself now"
            why={`${openApiUrl} does not answer. It is asked again every few seconds.`}
          />
        </Card>
      ) : (
        tags.map((tag) => (
          <Operations
            key={tag.name}
            title={tag.description || tag.name}
            operations={operations.filter((operation) => operation.tag === tag.name)}
            edgeUrl={edgeUrl}
          />
        ))
      )}
    </div>
  );
}

function Operations({
  title,
  operations,
  edgeUrl,
}: {
  title: string;
  operations: readonly ApiOperation[];
  edgeUrl: string;
}) {
  if (operations.length === 0) return null;
  const id = `tag-${title.replaceAll(/\W+/g, '-')}`;
  return (
    <Card aria-labelledby={id} className="overflow-hidden">
      <CardHead id={id} title={title} />
      <ul className="border-line border-t">
        {operations.map((operation) => (
          <li
            key={`${operation.method} ${operation.path}`}
            className="grid items-center gap-x-4 gap-y-1 border-line border-b px-5 py-2.5 last:border-b-0 md:grid-cols-[4rem_minmax(0,5fr)_minmax(0,6fr)_auto]"
          >
            <span className="font-mono font-semibold text-accent text-xs uppercase">{operation.method}</span>
            <code className="break-all font-mono text-xs">{operation.path}</code>
            <span className="text-soft text-sm">{operation.summary}</span>
            <CopyButton text={curlOf(operation, edgeUrl)} label="curl" />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function curlOf({ method, path, needsToken }: ApiOperation, edgeUrl: string): string {
  const parts = ['curl -s'];
  if (method !== 'get') parts.push(`-X ${method.toUpperCase()}`);
  if (needsToken) parts.push('-H "Authorization: Bearer $TOKEN"');
  parts.push(quoted(`${edgeUrl}${path}`));
  if (method === 'post' && path.endsWith('/events'))
    parts.push(`-H 'Content-Type: application/cloudevents+json' -d ${quoted(EXAMPLE)}`);
  else if (method !== 'get') parts.push(`-H 'Content-Type: application/json' -d @body.json`);
  return parts.join(' ');
}

const EXAMPLE = '{"specversion":"1.0","type":"hello","source":"/me","id":"1","subject":"first"}';
