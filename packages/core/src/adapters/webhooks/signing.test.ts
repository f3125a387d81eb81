import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { sign } from './signing.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = '{"test": 2432232314}';

test('a message is signed as the Standard Webhooks reference libraries sign theirs', () => {
  // the vector that the reference libraries test themselves with
  expect(sign(SECRET, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_999, BODY)).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a receiver verifies it, and refuses another body', () => {
  const headers = { ...sign(SECRET, 'msg_1', Date.now(), BODY) };
  expect(new Webhook(SECRET).verify(BODY, headers)).toEqual({ test: 2_432_232_314 });
  expect(() => new Webhook(SECRET).verify('{"test": 1}', headers)).toThrow();
});
