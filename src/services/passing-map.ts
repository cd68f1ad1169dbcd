/**
 * A map for what comes and goes with every order. V8 gives a `Map` another table every few insertions, and each table
 * that was given up leads to the next one and to what it held then. Once one of them is among the old objects, all that
 * follow, with what they held, count as alive until the whole heap is collected: with a few orders under way that is
 * every order, 10 KiB each. An object without a prototype has one table, and what it gave up leads nowhere.
 */
export class PassingMap<Key extends string | number, Value> {
  readonly #values = Object.create(null) as Record<string | number, Value>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    return this.#values[key];
  }

  has(key: Key): boolean {
    return key in this.#values;
  }

  set(key: Key, value: Value): void {
    if (!this.has(key)) this.#size += 1;
    this.#values[key] = value;
  }

  delete(key: Key): void {
    if (!this.has(key)) return;
    this.#size -= 1;
    Reflect.deleteProperty(this.#values, key);
  }

  values(): readonly Value[] {
    return Object.values<Value>(this.#values);
  }
}
