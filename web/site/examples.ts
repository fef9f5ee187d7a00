/** The sentences that the explorer offers. The list itself is JSON, because the tool that saves the traces reads it too. */
import type { Example } from '../element/sentence-input';
import saved from './examples.json';

export const examples: readonly Example[] = saved.map((example) => ({ ...example, trace: `traces/${example.trace}` }));
