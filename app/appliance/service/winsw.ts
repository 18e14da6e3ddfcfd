/**
 * The Windows service. Node cannot speak with the Service Control Manager, and a task of the Task Scheduler is ended without a word at a shutdown; so
 * WinSW (MIT) stands in between: it starts `mallard start`, and stops it by `mallard stop`, which waits until the databases have closed. It reads this
 * XML beside itself. The account is set after the installation: a virtual account has no password that could be asked for or expire, and no name
 * that is another one in another language.
 */
import { type ServiceSpec, serviceTitle, startArguments, stopTimeoutSeconds } from './spec.ts';

export const windowsServiceId = 'Mallard';
export const windowsAccount = 'NT SERVICE\\Mallard';

export function winswXml(spec: ServiceSpec): string {
  const element = (name: string, text: string): string => `  <${name}>${escaped(text)}</${name}>`;
  const stopArguments = [spec.launcher, 'stop', '--data', spec.dataDir];
  return [
    '<service>',
    element('id', windowsServiceId),
    element('name', serviceTitle),
    element('description', 'IMAP, POP3 and SMTP for the people of this network.'),
    element('executable', spec.node),
    ...startArguments(spec).map((each) => element('startargument', each)),
    element('stopexecutable', spec.node),
    ...stopArguments.map((each) => element('stopargument', each)),
    element('stoptimeout', `${stopTimeoutSeconds} sec`),
    element('startmode', 'Automatic'),
    '  <onfailure action="restart" delay="5 sec"/>',
    '  <onfailure action="restart" delay="30 sec"/>',
    '  <onfailure action="restart" delay="60 sec"/>',
    element('resetfailure', '10 min'),
    element('workingdirectory', spec.dataDir),
    element('logpath', `${spec.dataDir}\\logs`),
    '  <log mode="roll-by-size"><sizeThreshold>1024</sizeThreshold><keepFiles>2</keepFiles></log>',
    '</service>',
    '',
  ].join('\r\n');
}

/** WinSW expands %NAME%; a percent sign in a path cannot be written, and `install` refuses such a path. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
