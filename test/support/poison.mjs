// Loaded with --import before the server, by tests only: a message whose subject holds POISON hangs the process, or kills it, while it is signed.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const [kind, mark] = (process.env.TEST_POISON ?? '').split(' ');
const { sign } = crypto;

if (isMainThread && mark) {
  crypto.sign = (algorithm, data, ...rest) => {
    if (Buffer.from(data).includes(mark)) {
      if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
      // A real one would be in an expression that does not come back.
      for (;;) JSON.stringify(mark);
    }
    return sign(algorithm, data, ...rest);
  };
  syncBuiltinESMExports();
}
