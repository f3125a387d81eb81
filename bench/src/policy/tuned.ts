/** The best of the tries of `npm run bench -- policy --tune`, in numbers that were found there and nowhere else. */
export const TUNED: Readonly<Record<string, Readonly<Record<string, number>>>> = {};
