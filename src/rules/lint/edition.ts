/** Editions of Doc 9303 whose PKI profiles are judged: of 2006, 2015 and 2021. */
export type Edition = 6 | 7 | 8;

export const editions: readonly Edition[] = [6, 7, 8];

/**
 * The edition that something made at `instant` is judged by. The edition of a year binds what is made from the
 * year after: nobody can issue after a text that was not out when his profile was written.
 */
export function editionOf(instant: Date): Edition {
  const year = instant.getUTCFullYear();
  if (year <= 2015) return 6;
  return year <= 2021 ? 7 : 8;
}
