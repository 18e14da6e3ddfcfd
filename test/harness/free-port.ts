import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Below the range from which systems take the ports of outgoing connections, so that nobody gets it by chance while a killed server is to come back to it. */
const LOWEST = 15_000;
const HIGHEST = 31_999;
const TRIES = 50;

/**
 * A port that was free a moment ago on that address. Something else may take it before it is used: the caller must notice a start that fails because of it and try again with
 * another.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port, host)) return port;
  }
  throw new Error('no free port found');
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
