import { expect, test } from 'vitest';
import { readLabels, writeLabels } from './labels.ts';

test('labels are read as they are written', () => {
  const labels = { disk: 'ssd', rack: 'r1', url: 'a=b' };
  expect(readLabels(writeLabels(labels))).toEqual(labels);
  expect(readLabels(' disk=ssd,\n rack=r1 ')).toEqual({ disk: 'ssd', rack: 'r1' });
  expect(readLabels('')).toEqual({});
});

test('a word that is no label is kept as one without a value', () => {
  expect(readLabels('disk')).toEqual({ disk: '' });
});
