/** Whether the content of an INTEGER has leading octets that it could do without (X.690 §8.3.2). */
export function hasPadding(content: Uint8Array): boolean {
  const [first, second] = content;
  if (first === undefined || second === undefined) return false;
  return (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
}
