/** Free loopback ports for servers that cannot say "any port" themselves. */
import net from 'node:net';

const given = new Set<number>();

/** A port that was free a moment ago and that this process has not given out yet. Another process may still take it: retry when binding fails. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = await probe(host);
    if (given.has(port)) continue;
    if (given.size > 1000) given.clear();
    given.add(port);
    return port;
  }
}

function probe(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen({ port: 0, host }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
