import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@foreshard/local';
import { expect, test } from 'vitest';
import { profileFields } from './profile-fields.ts';

const ORDERS = { orders: { numbers: ['/data/amount'], keys: [] } };

test('fields stand in the variable or in a file', async () => {
  expect(profileFields.parse(' {"orders":{"numbers":["/data/amount"]}}')).toEqual(ORDERS);
  const folder = await temporaryFolder('profile-fields');
  const file = join(folder.path, 'profile.json');
  await writeFile(file, JSON.stringify(ORDERS));
  expect(profileFields.parse(file)).toEqual(ORDERS);
  await folder.remove();
});

test.each(['{"orders":{"numbers":["amount"]}}', '{', '/nowhere/profile.json', '{"a":{"nubmers":[]}}'])(
  '%s is refused with what is right',
  (text) => {
    const found = profileFields.safeParse(text);
    expect(found.error?.issues[0]?.message).toContain('such as');
  },
);
