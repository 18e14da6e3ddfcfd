/**
 * A guard ends the children of this process when this process dies in a way that leaves it no last word (kill -9, a crash, the out-of-memory
 * killer). It is one tiny /bin/sh that reads a pipe from us: while we live it only keeps a list of pids; when the pipe closes it sends TERM to
 * each, waits up to the grace time, then KILL to what is left. It costs under 1 MB; another Node process would cost 40.
 *
 * Invariant: a child's pid is in the list only while we have not yet reaped it, so the guard can never hit a reused pid.
 * On Windows there is no such shell and no TERM: there the pid files do the work at the next start (see pid-file.ts).
 */
import { spawn, type ChildProcess } from 'node:child_process';

export type Guard = {
  /** From now on the child dies with this process. */
  add(pid: number): void;
  /** Call when the child has ended (its exit event), before its pid can be anybody else's. */
  drop(pid: number): void;
  /** Lets the guard go without touching any child. */
  release(): void;
  readonly pid: number | undefined;
};

export type GuardOptions = {
  /** Seconds between TERM and KILL; 0 sends KILL at once. mongod wants a minute to close its files. */
  readonly graceSeconds: number;
};

// Signals for the terminal's group must not end the guard before its parent; the arguments are numbers only, nothing is interpolated.
const script = `
trap '' INT HUP TERM QUIT
grace=$1
pids=
while read -r verb pid; do
  case $verb in
    add) pids="$pids $pid" ;;
    drop) kept=; for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done; pids=$kept ;;
    release) exit 0 ;;
  esac
done
if [ "$grace" -gt 0 ]; then for p in $pids; do kill -TERM "$p" 2>/dev/null; done; fi
tenths=$((grace * 5))
while [ "$tenths" -gt 0 ]; do
  left=
  for p in $pids; do
    kill -0 "$p" 2>/dev/null || continue
    # A zombie that nobody reaps (a container without init) has ended too.
    if [ -r "/proc/$p/stat" ]; then read -r stat 2>/dev/null <"/proc/$p/stat"; case $stat in *") Z "*) continue ;; esac; fi
    left="$left $p"
  done
  [ -z "$left" ] && exit 0
  sleep 0.2 2>/dev/null || sleep 1
  tenths=$((tenths - 1))
done
for p in $pids; do kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null; done
exit 0
`;

/** Starts the guard. It never keeps this process alive. */
export function startGuard(options: GuardOptions): Guard {
  if (process.platform === 'win32') return { add: ignore, drop: ignore, release: ignore, pid: undefined };
  // Its own session: the guard must survive a signal to our process group.
  const shell = spawn('/bin/sh', ['-c', script, 'mallard-guard', String(Math.trunc(options.graceSeconds))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  });
  shell.unref();
  unrefStdin(shell);
  // A guard that is gone (killed by hand) is a lost safety net, not a reason to stop serving mail; the pid files remain.
  shell.on('error', ignore);
  shell.stdin.on('error', ignore);
  const say = (line: string): void => {
    if (shell.stdin.writable) shell.stdin.write(`${line}\n`);
  };
  return {
    add: (pid) => say(`add ${pid}`),
    drop: (pid) => say(`drop ${pid}`),
    release: () => {
      say('release');
      shell.stdin.end();
    },
    pid: shell.pid,
  };
}

function unrefStdin(shell: ChildProcess): void {
  const { stdin } = shell;
  if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
}

function ignore(): void {}
