/** What the thread starts with that helps to look, from source: compiled, it is src/looker.ts itself. */
import { register } from 'tsx/esm/api';

register();
await import('../../../src/looker.ts');
