/** A planted model that fails. */
export async function forecast(): Promise<never> {
  throw new Error('the data displease me');
}
