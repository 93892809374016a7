import { describe } from 'vitest';
import { testMixtures } from './mixtures.ts';

describe('mixtures of faults', () => testMixtures(151, 200));
