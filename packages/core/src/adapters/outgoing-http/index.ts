export { type OutgoingAnswer, type OutgoingRequest, RequestFailed, request } from './request.ts';
