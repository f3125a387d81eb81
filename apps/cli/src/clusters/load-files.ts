/** Files of load and of capacities; what cannot be understood is told with its lines. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import {
  type CsvReply,
  faultText,
  type HostCapacity,
  type LoadRow,
  readHostsCsv,
  readLoadCsv,
} from '@foreshard/core/external';
import { badInput } from '../failure.ts';

export interface LoadFiles {
  /** the file of load as text; undefined: there is none */
  readonly load: string | undefined;
  readonly rows: readonly LoadRow[];
  readonly capacities: readonly HostCapacity[];
}

/** @throws CommandFailure that names every line that cannot be understood */
export async function readFiles({ csv, hosts }: { csv?: string; hosts?: string }): Promise<LoadFiles> {
  const capacities = hosts === undefined ? [] : rowsOf(hosts, await contentOf(hosts), readHostsCsv);
  if (csv === undefined) return { capacities, load: undefined, rows: [] };
  const content = await contentOf(csv);
  return { capacities, load: textOf(content), rows: rowsOf(csv, content, readLoadCsv) };
}

const MARK_OF_UTF_16_LE = Buffer.of(0xff, 0xfe);

async function contentOf(file: string): Promise<Buffer> {
  const content = await readFile(file).catch(() => {
    throw badInput(`there is no file ${file}`);
  });
  // what begins with the mark of UTF-16 is read as that
  if (!isUtf8(content) && !isUtf16(content))
    throw badInput(`${file} is not UTF-8: names would be read as others`);
  return content;
}

function isUtf16(content: Buffer): boolean {
  return content.subarray(0, 2).equals(MARK_OF_UTF_16_LE);
}

function textOf(content: Buffer): string {
  return new TextDecoder(isUtf16(content) ? 'utf-16le' : 'utf-8').decode(content);
}

/** @throws CommandFailure */
function rowsOf<T>(
  file: string,
  content: Uint8Array,
  read: (content: Uint8Array) => CsvReply<T>,
): readonly T[] {
  const reply = read(content);
  if (reply.kind === 'read') return reply.rows;
  const { faults, more, lines } = reply;
  const [first] = faults;
  if (first!.line === null) throw badInput(`${file}: ${first!.detail}`);
  const count = lines === 1 ? 'one line' : `${lines} lines`;
  throw badInput(
    [
      `${count} of ${file} cannot be understood; nothing was taken`,
      ...faults.map((fault) => `  ${faultText(fault)}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
  );
}
