/** Settings. */
export const enSettings = { settings: { title: 'Settings' } };
