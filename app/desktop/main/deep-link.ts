/** Links of the form `mallard://open/people/anna`: a place inside the GUI. Anything on the web can offer one, so it can only show, never do. */

export const linkScheme = 'mallard';

const pathForm = /^\/[\w\-./@%+]{0,500}$/;

/** The GUI's path that a link stands for, or undefined when it is not one of ours. */
export function deepLinkPath(link: string): string | undefined {
  let url: URL;
  try {
    url = new URL(link);
  } catch {
    return undefined;
  }
  if (url.protocol !== `${linkScheme}:` || url.host !== 'open' || url.username !== '') return undefined;
  const path = url.pathname === '' ? '/' : url.pathname;
  // The API and the control API are no places to show; and two slashes would be another host.
  if (!pathForm.test(path) || path.includes('//') || path.includes('..') || /^\/(api|control)(\/|$)/i.test(decoded(path))) {
    return undefined;
  }
  return path;
}

/** The first link among a command line's arguments. */
export function deepLinkIn(args: readonly string[]): string | undefined {
  return args.find((arg) => arg.startsWith(`${linkScheme}://`));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/api';
  }
}
