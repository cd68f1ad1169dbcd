import type { FoundSignatureAlgorithm } from '../../formats/algorithms/decode-algorithm-identifier.ts';
import type { SubjectPublicKey } from '../../formats/algorithms/subject-public-key.ts';
import {
  checkSignature,
  checkSignatureAsync,
  type SignatureCheck,
} from '../../formats/algorithms/verify-signature.ts';

/** A signature that an examination wants checked. */
export interface SignatureQuestion {
  readonly algorithm: FoundSignatureAlgorithm;
  readonly publicKey: SubjectPublicKey;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  readonly strict: boolean;
}

/**
 * An examination that asks for signatures on its way. Whoever runs it decides where they are checked: it is the
 * same examination on this thread and on the thread pool.
 */
export type Asking<Result> = Generator<SignatureQuestion, Result, SignatureCheck>;

/** Runs an examination to its end on this thread. */
export function answerHere<Result>(asking: Asking<Result>): Result {
  let step = asking.next();
  while (step.done !== true) {
    const { algorithm, publicKey, data, signature, strict } = step.value;
    step = asking.next(checkSignature(algorithm, publicKey, data, signature, { strict }));
  }
  return step.value;
}

/** Runs an examination to its end, its signatures on the thread pool. */
export async function answerOnThreadPool<Result>(asking: Asking<Result>): Promise<Result> {
  let step = asking.next();
  while (step.done !== true) {
    const { algorithm, publicKey, data, signature, strict } = step.value;
    step = asking.next(await checkSignatureAsync(algorithm, publicKey, data, signature, { strict }));
  }
  return step.value;
}
