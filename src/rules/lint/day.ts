/** `YYYY-MM-DD` in UTC. */
export function day(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}
