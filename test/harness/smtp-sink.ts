/**
 * Another server's side of SMTP, written apart from ours: takes mail, keeps it, and answers as a test tells it to. STARTTLS and AUTH when asked for.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export type SinkMessage = {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly tls: boolean;
  readonly auth: string;
};

export type SinkOptions = {
  readonly host?: string;
  readonly port?: number;
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly extensions?: readonly string[];
  /** The whole reply to a recipient, by address; default 250. */
  readonly onRecipient?: (address: string) => string;
  /** The reply to a finished message; undefined closes the connection instead. */
  readonly onData?: (message: SinkMessage) => string | undefined;
  readonly onConnect?: () => string;
  /** STARTTLS is offered and then answered with something that is no TLS, or not at all. */
  readonly brokenTls?: 'garbage' | 'silence';
  /** The name it says in its answer to EHLO. */
  readonly name?: string;
};

export type SmtpSink = {
  readonly port: number;
  readonly messages: SinkMessage[];
  /** The last thousand command lines. */
  readonly lines: string[];
  /** Connections so far. */
  readonly connections: () => number;
  options: SinkOptions;
  close(): Promise<void>;
};

export async function startSmtpSink(options: SinkOptions = {}): Promise<SmtpSink> {
  const messages: SinkMessage[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const sink: { options: SinkOptions } = { options };
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    converse(socket, sink, messages, lines);
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return Object.assign(sink, {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    messages,
    lines,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function converse(plain: Socket, sink: { readonly options: SinkOptions }, messages: SinkMessage[], lines: string[]): void {
  let socket: Socket = plain;
  let text = '';
  let from = '';
  let to: string[] = [];
  let auth = '';
  let inData = false;
  const say = (line: string): void => void socket.write(`${line}\r\n`);

  const onData = (bytes: Buffer): void => {
    text += bytes.toString('latin1');
    for (;;) {
      if (inData) {
        const end = text.startsWith('.\r\n') ? 0 : text.indexOf('\r\n.\r\n') + 2;
        if (end < 2 && !text.startsWith('.\r\n')) return;
        const raw = text.slice(0, end).replace(/(^|\r\n)\./g, '$1');
        text = text.slice(end + 3);
        inData = false;
        const message = { from, to, raw, tls: socket instanceof TLSSocket, auth };
        const answer = sink.options.onData?.(message) ?? (sink.options.onData === undefined ? '250 2.0.0 kept' : undefined);
        if (answer === undefined) return void socket.destroy();
        if (answer.startsWith('2')) messages.push(message);
        say(answer);
        continue;
      }
      const end = text.indexOf('\r\n');
      if (end < 0) return;
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (!command(line)) return;
    }
  };

  function command(line: string): boolean {
    lines.push(Buffer.from(line, 'latin1').toString('utf8'));
    if (lines.length > 1_000) lines.shift();
    const { certificate, extensions, onRecipient } = sink.options;
    const verb = line.split(/[ :]/)[0]?.toUpperCase();
    switch (verb) {
      case 'EHLO': {
        const offers = [...(extensions ?? []), ...(certificate === undefined || socket instanceof TLSSocket ? [] : ['STARTTLS'])];
        say([`250-${sink.options.name ?? 'sink'}`, ...offers.map((offer) => `250-${offer}`), '250 PIPELINING'].join('\r\n'));
        break;
      }
      case 'STARTTLS': {
        if (certificate === undefined) {
          say('502 5.5.1 no');
          break;
        }
        say('220 go');
        if (sink.options.brokenTls !== undefined) {
          socket.removeAllListeners('data');
          socket.resume();
          if (sink.options.brokenTls === 'garbage') say('this is no TLS');
          return false;
        }
        socket.off('data', onData);
        socket = new TLSSocket(plain, { isServer: true, ...certificate });
        socket.on('error', () => {});
        socket.on('data', onData);
        return false;
      }
      case 'AUTH':
        auth = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
        say('235 2.7.0 ok');
        break;
      case 'MAIL':
        from = Buffer.from(/<(.*?)>/.exec(line)?.[1] ?? '', 'latin1').toString('utf8');
        to = [];
        say('250 2.1.0 ok');
        break;
      case 'RCPT': {
        const address = Buffer.from(/<(.*?)>/.exec(line)?.[1] ?? '', 'latin1').toString('utf8');
        const answer = onRecipient?.(address) ?? '250 2.1.5 ok';
        if (answer.startsWith('2')) to.push(address);
        say(answer);
        break;
      }
      case 'DATA':
        if (to.length === 0) say('554 5.5.1 nobody');
        else {
          inData = true;
          say('354 go');
        }
        break;
      case 'QUIT':
        say('221 bye');
        socket.end();
        return false;
      default:
        say('250 ok');
    }
    return true;
  }

  plain.on('error', () => {});
  plain.on('data', onData);
  say(sink.options.onConnect?.() ?? '220 sink ESMTP');
}
