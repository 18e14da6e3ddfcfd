/** The command `mallard`. Started by bin/mallard.mjs. */
import { CliFault } from './fault.ts';
import { runProgram } from './program.ts';

// The reader of a pipe may leave early (`mallard logs | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const args = process.argv.slice(2);
try {
  process.exitCode = await runProgram(args);
} catch (error) {
  const fault = error instanceof CliFault ? error : await describe(error);
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ error: fault.message, code: fault.code })}\n`);
  process.stderr.write(`${fault.message}\n`);
  process.exitCode = fault.exitCode;
}

/** Faults of the parts in the words of a command line. Loaded only when something went wrong. */
async function describe(error: unknown): Promise<CliFault> {
  const { SettingsFault } = await import('../settings/judge.ts');
  if (error instanceof SettingsFault) return new CliFault(2, error.message, 'Setting');
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof Error && ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR'].includes(code ?? '')) {
    return new CliFault(
      1,
      `${error.message}\nThe data directory must be on a disk with free space, and this user must be able to write there.`,
      code,
    );
  }
  if (process.env['MALLARD_DEBUG'] !== undefined && error instanceof Error) return new CliFault(1, error.stack ?? error.message);
  return new CliFault(1, error instanceof Error ? error.message : String(error));
}
