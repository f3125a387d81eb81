/** The rows of a user's CSV file, with what its header line says about the way its columns are separated. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'csv-parse';
import { badInput } from './failure.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
/** of a file, to see how its columns are separated */
const HEAD_BYTES = 65_536;

export async function* csvRecords(input: string): AsyncGenerator<{ row: string[]; line: number }> {
  if (!existsSync(input) || !statSync(input).isFile()) throw badInput(`there is no file ${input}`);
  const delimiter = delimiterOf(await headOf(input), input);
  const parser = createReadStream(input).pipe(
    // empty lines are skipped here, because the parser would not count them
    parse({ bom: true, delimiter, relax_column_count: true, relax_quotes: true }),
  );
  let line = 0;
  try {
    for await (const row of parser as AsyncIterable<string[]>) {
      line++;
      if (row.length > 1 || row[0] !== '') yield { row, line };
    }
  } catch (error) {
    throw badInput(`${input} is no CSV file: ${(error as Error).message}`);
  }
}

async function headOf(input: string): Promise<Buffer> {
  const file = await open(input);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What stands most often in the header line. */
function delimiterOf(head: Buffer, input: string): string {
  if (head.includes(0)) throw badInput(`${input} is no text file; a CSV file with a header line is needed`);
  const line = head.toString('utf8').trimStart().split('\n', 1)[0] ?? '';
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

/** The index of a column in the header line. */
export function placeOfColumn(names: readonly string[], wanted: string, input: string): number {
  const at = names.indexOf(wanted);
  if (at < 0)
    throw badInput(`${basename(input)} has no column "${wanted}"; it has ${names.slice(0, 12).join(', ')}`);
  return at;
}
