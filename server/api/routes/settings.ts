/** Global settings. */
import { InvalidInput, Refusal } from '../../operations/refusal.ts';
import { type ApiContext, defined, type Route, route } from '../context.ts';
import { settings } from '../contract/settings.ts';

export function settingRoutes({ store }: ApiContext): Route[] {
  const operations = store.settings;
  return [
    route(settings.list, ({ input }) => ({
      success: true,
      ...defined({ filter: input.filter }),
      settings: operations.list(input.filter).map((one) => ({ ...one })),
    })),
    route(settings.get, ({ input }) => {
      const { key, value } = operations.get(input.key);
      return { success: true, key, value };
    }),
    route(settings.set, async ({ input }) => {
      try {
        await operations.set(input.key, input.value);
      } catch (error) {
        // Here an unknown key is a wrong input: the interface lists the keys that may be set.
        if (error instanceof Refusal && error.reason === 'SettingNotFound') throw new InvalidInput('key', 'is no setting');
        throw error;
      }
      return { success: true, key: input.key };
    }),
  ];
}
