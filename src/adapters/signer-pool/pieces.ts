import type { JobMessage } from './protocol.ts';

/** So much goes to a signer in one message: pipes take it as fast as it is read, and nobody keeps it twice. */
const pieceOctets = 65_536;

/** Service → signer process, ahead of a job: octets of its order, one message each. */
export interface PieceMessage {
  /** Of the job. */
  readonly id: number;
  readonly offset: number;
  readonly piece: Uint8Array;
  /** Octets of all pieces. */
  readonly total: number;
}

/** What goes ahead of a job, and the job without it; a job with little goes as it is. */
export function inPieces(message: JobMessage): {
  readonly pieces: readonly PieceMessage[];
  readonly rest: JobMessage;
} {
  if (message.job !== 'signCrl') return { pieces: [], rest: message };
  const { id, order } = message;
  const { revokedCertificates: octets } = order;
  if (octets.length <= pieceOctets) return { pieces: [], rest: message };
  const pieces: PieceMessage[] = [];
  for (let offset = 0; offset < octets.length; offset += pieceOctets) {
    const piece = octets.subarray(offset, offset + pieceOctets);
    pieces.push({ id, offset, piece, total: octets.length });
  }
  return { pieces, rest: { ...message, order: { ...order, revokedCertificates: new Uint8Array() } } };
}

/** The other end: puts what came ahead into the job again. */
export class Pieces {
  readonly #arrived = new Map<number, Uint8Array>();

  take({ id, offset, piece, total }: PieceMessage): void {
    const octets = this.#arrived.get(id) ?? new Uint8Array(total);
    octets.set(piece, offset);
    this.#arrived.set(id, octets);
  }

  complete(message: JobMessage): JobMessage {
    const octets = this.#arrived.get(message.id);
    if (octets === undefined || message.job !== 'signCrl') return message;
    this.#arrived.delete(message.id);
    return { ...message, order: { ...message.order, revokedCertificates: octets } };
  }
}
