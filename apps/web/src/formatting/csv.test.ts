import { expect, it } from 'vitest';
import { csvLine } from './csv.ts';

it('quotes what needs quoting and leaves the rest alone', () => {
  expect(csvLine(['a', 'b,c', 'say "no"', 'two\nlines', 1.5, -2, true, null, undefined])).toBe(
    'a,"b,c","say ""no""","two\nlines",1.5,-2,true,,\r\n',
  );
});

it.each(['=1+1', '+1', '-cmd', '@SUM(A1)', '\t=1'])('does not let %j run as a formula', (text) => {
  expect(csvLine([text])).toBe(`'${text}\r\n`);
});
