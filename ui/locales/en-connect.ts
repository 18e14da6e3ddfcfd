/** Connect a device. */
export const enConnect = { device: { title: 'Connect a device' } };
