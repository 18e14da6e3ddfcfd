/** The two or three commands that the supervisor says to Valkey or Redis: AUTH, PING, SHUTDOWN. Source: RESP2, simple strings and errors. */
import net from 'node:net';

export class RedisCommandError extends Error {}

/**
 * Opens a connection, logs in, runs one command and gives the first line of its reply without the type mark ("PONG"). A server that closes
 * without a reply gives undefined (that is how SHUTDOWN answers).
 */
export function runRedisCommand(
  port: number,
  password: string | undefined,
  command: readonly string[],
  timeoutMs: number,
  host = '127.0.0.1',
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host });
    const commands = password === undefined ? [command] : [['AUTH', password], command];
    let received = '';
    let repliesLeft = commands.length;
    let settled = false;
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      finish();
      socket.destroy();
    };
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(commands.map(encode).join('')));
    socket.on('data', (text: string) => {
      received += text;
      for (let end = received.indexOf('\r\n'); end >= 0; end = received.indexOf('\r\n')) {
        const line = received.slice(0, end);
        received = received.slice(end + 2);
        repliesLeft -= 1;
        if (line.startsWith('-')) settle(() => reject(new RedisCommandError(line.slice(1))));
        else if (repliesLeft === 0) settle(() => resolve(line.slice(1)));
      }
      if (received.length > 65_536) settle(() => reject(new Error('not a Redis server')));
    });
    socket.on('error', (error) => settle(() => reject(error)));
    socket.on('close', () =>
      settle(() => (repliesLeft === 1 ? resolve(undefined) : reject(new Error('the server closed the connection')))),
    );
  });
}

const encode = (command: readonly string[]): string =>
  `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
