/** Emitted on a connection's socket when the service stops: what would go on for ever on it ends by itself then. */
export const DRAIN_EVENT = 'api-drain';
