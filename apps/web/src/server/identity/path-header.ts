/** Set by the proxy, which knows the address of the page, and read by the layout, which does not. */
export const PATH_HEADER = 'x-foreshard-path';
