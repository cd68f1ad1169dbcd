import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: tests load the PKCS#11 addon, spawn children and send signals.
    pool: 'forks',
    maxWorkers: 2,
    // A test that makes RSA keys on a software token or starts the whole service is allowed to take a while;
    // one that hangs must still end with a name.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
