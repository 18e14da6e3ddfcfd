/**
 * Dovecot from the system's packages, on loopback, with a configuration of its own in a temporary folder: Maildir, `mail_fsync = optimized` (fsync before a delivery is acknowledged), plain
 * passwords, no TLS, no full-text index. Needs root, as its processes change user.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../harness/free-port.ts';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';
import { diskBytes, processTree, rssBytes } from './processes.ts';
import type { Target } from './target.ts';

/** Why Dovecot can't take part; undefined when it can. */
export function dovecotMissing(): string | undefined {
  if (spawnSync('sh', ['-c', 'command -v dovecot']).status !== 0) {
    return 'Dovecot is not installed (Debian packages dovecot-imapd, dovecot-lmtpd, dovecot-pop3d)';
  }
  if (process.getuid?.() !== 0) return 'Dovecot needs root to be started here';
  return undefined;
}

export async function startDovecot(): Promise<Target> {
  const folder = tempDir('dovecot');
  // Its processes run as other users and must get through.
  chmodSync(folder, 0o755);
  const home = path.join(folder, 'home');
  mkdirSync(home);
  spawnSync('chown', ['mail:mail', home]);
  const ports = { imap: await freePort(), lmtp: await freePort(), pop3: await freePort() };
  const file = path.join(folder, 'dovecot.conf');
  writeFileSync(file, configuration(folder, ports));
  const version = spawnSync('dovecot', ['--version'], { encoding: 'utf8' }).stdout.trim();
  let child: ChildProcess | undefined;
  const start = async (): Promise<number> => {
    const startedAt = performance.now();
    child = spawn('dovecot', ['-F', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
    await waitFor(
      async () => {
        if (child?.exitCode !== null) throw new Error(`dovecot ended: ${said}`);
        const probe = await ImapProbe.connect(ports.imap);
        probe.close();
        return true;
      },
      { timeoutMs: 20_000, what: `dovecot to greet ${said}` },
    );
    return performance.now() - startedAt;
  };
  const stop = async (): Promise<void> => {
    const running = child;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGTERM');
    await ended;
  };
  process.on('exit', () => child?.kill('SIGKILL'));
  const startMs = await start();
  let users = 0;
  const pids = (): number[] => (child?.pid === undefined ? [] : processTree(child.pid));
  return {
    name: 'Dovecot',
    version: `${version}, Maildir, mail_fsync=optimized`,
    imapPort: ports.imap,
    lmtpPort: ports.lmtp,
    pop3Port: ports.pop3,
    startMs,
    createUser: () => {
      users += 1;
      return Promise.resolve({ username: `user${users}@example.test`, password: 'secret' });
    },
    serverPids: pids,
    databasePids: () => [],
    memory: () => new Map([['all processes', pids().reduce((sum, pid) => sum + (rssBytes(pid) ?? 0), 0)]]),
    diskBytes: () => Promise.resolve(diskBytes(home)),
    restart: async () => {
      await stop();
      await start();
    },
    close: stop,
  };
}

function configuration(folder: string, ports: { imap: number; lmtp: number; pop3: number }): string {
  const listener = (name: string, port: number): string =>
    `inet_listener ${name} {\n    address = 127.0.0.1\n    port = ${port}\n  }`;
  const off = (name: string): string => `inet_listener ${name} {\n    port = 0\n  }`;
  return `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
protocols = imap lmtp pop3
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = 1M
mail_fsync = optimized
mail_location = maildir:~/Maildir
mail_home = ${folder}/home/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_max_userip_connections = 100000
default_client_limit = 10000
default_process_limit = 4000
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${folder}/home/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Archive {
    auto = create
  }
  mailbox Trash {
    auto = create
  }
}
service imap-login {
  ${listener('imap', ports.imap)}
  ${off('imaps')}
  service_count = 0
  process_min_avail = 1
}
service pop3-login {
  ${listener('pop3', ports.pop3)}
  ${off('pop3s')}
  service_count = 0
}
service imap {
  process_limit = 4000
}
service lmtp {
  ${listener('lmtp', ports.lmtp)}
  process_limit = 20
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`;
}
