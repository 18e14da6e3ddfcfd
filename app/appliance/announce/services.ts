/**
 * What is told to the network about this server (DNS-SD, RFC 6763; mail services by RFC 6186 and RFC 8314): only what other computers reach, and only encrypted
 * services. A port that is any free one is told to nobody: it is another after the next start.
 */
import type { Endpoints } from '../supervisor/contract.ts';
import type { Settings } from '../settings/store.ts';

export interface AnnouncedService {
  /** Without underscore and protocol: `imaps`. */
  readonly type: string;
  readonly port: number;
  readonly txt: Readonly<Record<string, string>>;
}

const mailServices = ['imaps', 'submissions', 'pop3s'] as const;
/** All that there can be: each has a host name of its own, which the certificate names. */
export const announcedTypes: readonly string[] = [...mailServices, 'http'];
const thisComputer: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

export function announcedServices(
  settings: Pick<Settings, 'get'>,
  endpoints: Endpoints,
  guiPort: number | undefined,
): readonly AnnouncedService[] {
  if (!settings.get('server.announce')) return [];
  const mail = mailServices.flatMap((name): AnnouncedService[] => {
    const endpoint = endpoints[name];
    const isTold =
      endpoint !== undefined && settings.get(`${name}.port`) !== 0 && !thisComputer.has(settings.get(`${name}.host`));
    return isTold ? [{ type: name, port: endpoint.port, txt: {} }] : [];
  });
  const isGuiTold = guiPort !== undefined && settings.get('gui.port') !== 0 && !thisComputer.has(settings.get('gui.host'));
  return [...mail, ...(isGuiTold ? [{ type: 'http', port: guiPort, txt: { path: '/me' } }] : [])];
}
