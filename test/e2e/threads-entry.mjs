/** What threads of the engine start with, from source: compiled, it is src/thread.ts itself. */
import { register } from 'tsx/esm/api';

register();
await import('../../src/thread.ts');
