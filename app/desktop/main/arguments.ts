/**
 * The desktop app's command line. `--data=DIR` and `--set=NAME=VALUE` (repeated) go on to the appliance that it starts; `--hidden` starts it in the
 * tray. Chromium's own switches and a `mallard://` link may stand among them.
 */
import { deepLinkIn } from './deep-link.ts';

export interface DesktopArguments {
  readonly dataDir: string | undefined;
  readonly settings: readonly string[];
  readonly hidden: boolean;
  readonly link: string | undefined;
}

export function readArguments(args: readonly string[]): DesktopArguments {
  const valuesOf = (name: string): string[] =>
    args.filter((arg) => arg.startsWith(`--${name}=`)).map((arg) => arg.slice(name.length + 3));
  return {
    dataDir: valuesOf('data')
      .filter((value) => value !== '')
      .at(-1),
    settings: valuesOf('set'),
    hidden: args.includes('--hidden'),
    link: deepLinkIn(args),
  };
}
