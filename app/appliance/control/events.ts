/**
 * GET /control/events: state changes and, when asked for, log lines, as server-sent events.
 *
 * A client that does not read is cut off before its events fill the memory; it reconnects and gets the present state first. The number of
 * clients is bounded.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { ControlEvent, eventsQuerySchema } from './contract.ts';
import { ControlFault } from './fault.ts';
import { logFilterOf } from './handlers.ts';
import type { ControlSubject } from './subject.ts';

const maxClients = 50;
const maxUnsentBytes = 1024 * 1024;
const heartbeatMs = 15_000;

export class EventStreams {
  readonly #subject: ControlSubject;
  readonly #open = new Set<ServerResponse>();

  constructor(subject: ControlSubject) {
    this.#subject = subject;
  }

  /**
   * @param allowed looked at again and again: a session that was ended hears no more
   * @throws ControlFault when there are too many clients
   */
  add(
    request: IncomingMessage,
    response: ServerResponse,
    query: z.output<typeof eventsQuerySchema>,
    allowed: () => boolean,
  ): void {
    if (this.#open.size >= maxClients) throw new ControlFault(503, 'TooMany', 'Too many clients follow the events.');
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.#open.add(response);
    const send = (event: ControlEvent): void => {
      const last = event.type === 'log' ? event.lines.at(-1)?.id : undefined;
      response.write(`event: ${event.type}\n${last === undefined ? '' : `id: ${last}\n`}data: ${JSON.stringify(event)}\n\n`);
      if (response.writableLength > maxUnsentBytes) response.destroy();
    };
    send({ type: 'status', status: this.#subject.status() });
    const ends = [this.#subject.subscribe(send)];
    if (query.logs === '1') {
      const { logs: _, ...filter } = query;
      ends.push(this.#subject.logs.follow(logFilterOf(filter), (lines) => send({ type: 'log', lines: [...lines] })));
    }
    const heartbeat = setInterval(() => (allowed() ? response.write(': still here\n\n') : response.end()), heartbeatMs);
    response.once('close', () => {
      clearInterval(heartbeat);
      for (const end of ends) end();
      this.#open.delete(response);
    });
    request.resume();
  }

  /** Ends all, so that the server can close. */
  close(): void {
    for (const response of this.#open) response.end();
  }
}
