export { type AssertionSigner, makeAssertionSigner } from './assertions.ts';
