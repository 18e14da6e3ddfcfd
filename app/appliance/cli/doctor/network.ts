/** Checks that reach out: whether mail can leave by port 25, and whether a firewall of this computer stands before the ports. They take seconds. */
import { spawnSync } from 'node:child_process';
import { resolveMx } from 'node:dns/promises';
import { connect } from 'node:net';
import { type Finding, ok, warn } from './check.ts';

/** Servers that answer everybody; the first that has an address is asked. Nothing but the connection is made. */
const wellKnown = ['gmail.com', 'outlook.com', 'gmx.net'];
const timeoutMs = 4000;

export async function checkNetwork(): Promise<Finding[]> {
  return [await checkOutbound(), ...checkFirewall()];
}

async function checkOutbound(): Promise<Finding> {
  const name = 'outgoing port 25';
  let resolved = false;
  for (const domain of wellKnown) {
    const [server] = await mailServers(domain);
    if (server === undefined) continue;
    resolved = true;
    if (await answers(server)) return ok(name, `${server} answers: mail can go straight to other servers`);
  }
  if (!resolved)
    return warn(
      name,
      'no name of a mail server could be resolved',
      'This computer has no Internet, or no DNS. Mail stays among the people here.',
    );
  return warn(
    name,
    'no mail server answers there',
    'Most providers of home connections close it. Send by a relay instead, or ask the provider to open it.',
  );
}

async function mailServers(domain: string): Promise<string[]> {
  try {
    const found = await resolveMx(domain);
    return found.sort((a, b) => a.priority - b.priority).map(({ exchange }) => exchange);
  } catch {
    // No DNS here: told by the finding.
    return [];
  }
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 25, timeout: timeoutMs });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('data', (greeting) => end(greeting.toString('latin1').startsWith('220')));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** What can be asked without rights. Where nobody can tell, nothing is said. */
function checkFirewall(): Finding[] {
  const said = (program: string, args: readonly string[]): string | undefined => {
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', timeout: timeoutMs, windowsHide: true });
    return status === 0 ? stdout.trim() : undefined;
  };
  if (process.platform === 'win32') {
    const profile = said('powershell', ['-NoProfile', '-Command', '(Get-NetConnectionProfile).NetworkCategory']);
    if (profile === undefined) return [];
    return /Public/i.test(profile)
      ? [
          warn(
            'firewall',
            'Windows takes this network for a public one and keeps others out',
            'Settings → Network: make it a private network; allow Mallard when Windows asks.',
          ),
        ]
      : [ok('firewall', `the network is ${profile.split(/\s+/)[0] ?? 'known'}; allow Mallard when Windows asks`)];
  }
  if (process.platform === 'darwin') {
    const state = said('/usr/libexec/ApplicationFirewall/socketfilterfw', ['--getglobalstate']);
    if (state === undefined) return [];
    return [
      ok('firewall', /enabled/i.test(state) ? 'it is on; macOS asks once whether Mallard may take connections' : 'it is off'),
    ];
  }
  const active = ['ufw', 'firewalld'].find((unit) => said('systemctl', ['is-active', unit]) === 'active');
  if (active === undefined) return [];
  const remedy =
    active === 'ufw'
      ? 'sudo ufw allow 143,993,110,995,587,465,25/tcp'
      : 'sudo firewall-cmd --permanent --add-service={imap,imaps,pop3,pop3s,smtp,smtps,smtp-submission} && sudo firewall-cmd --reload';
  return [warn('firewall', `${active} is on: other computers reach only what it lets in`, `Let the mail ports in: ${remedy}`)];
}
