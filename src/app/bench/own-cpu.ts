import type { Measurement } from './measurement.ts';
import type { SodMeasurement } from './sod-bench.ts';

/** Processor time of a SOD outside of signature, verification and TLS that is allowed. */
const budgetUs = 150;

/**
 * What a SOD costs outside of signature, verification and TLS: the processor time of service and signers, less
 * that of the bare loop and that of bare TLS, all measured in the same run.
 */
export function ownCpu(single: SodMeasurement, tlsUs: number): Measurement & { readonly tlsUs: number } {
  const { service, signers, limit } = single.cpuUs;
  const ours = service + signers - limit - tlsUs;
  return {
    bench: 'sod-own-cpu',
    algorithm: single.algorithm,
    unit: 'µs',
    ours,
    limit: budgetUs,
    ratio: ours / budgetUs,
    against: 'budget: at most so many outside of C_Sign, OpenSSL verify and TLS',
    tlsUs,
    rounds: [{ ours, limit: budgetUs }],
  };
}
