/** Printers, scanners and others that cannot log in. */
import {} from './smtp-test-kit.ts';
