/** `YYYY-MM-DD` in UTC. */
export function day(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** `YYYY-MM-DDThh:mm:ssZ`, where hours make the difference. */
export function moment(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}
