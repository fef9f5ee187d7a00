/** Before every test file: random cases are the same in every run, so that a failure repeats. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 1 });
