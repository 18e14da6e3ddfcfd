/** The name of a process for people: "Database (MongoDB)", "Mail server 1". */
import type { TFunction } from 'i18next';
import type { Service } from '../../../app/appliance/control/contract.ts';

export function engineTitle(t: TFunction, service: Pick<Service, 'kind' | 'name'>): string {
  const number = /\d+$/.exec(service.name)?.[0];
  const title = t(`services.engine.${service.kind}.title`);
  return number === undefined ? title : `${title} ${number}`;
}
