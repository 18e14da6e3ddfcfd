/** What the supervisor shall run, as the settings say. */
import type { Settings } from './settings/store.ts';
import type { SupervisorPlan } from './supervisor/contract.ts';
import { redisPlan, workerCount } from './worker-config.ts';

const mebibyte = 1024 * 1024;

export function supervisorPlan(settings: Settings): SupervisorPlan {
  const cacheMb = settings.get('mongo.cacheMb');
  const binary = settings.get('mongo.binary');
  return {
    mongod:
      settings.get('mongo.uri') === ''
        ? {
            mode: 'bundled',
            ...(binary === '' ? {} : { binary }),
            ...(cacheMb === 0 ? {} : { cacheBytes: cacheMb * mebibyte }),
          }
        : { mode: 'external', uri: settings.get('mongo.uri') },
    valkey: redisPlan(settings),
    workers: workerCount(settings),
  };
}
