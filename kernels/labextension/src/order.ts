/** In which order completions stand. */

interface Item {
  readonly label: string;
  readonly insertText?: string;
}

/** What is inserted. */
export function inserted({ label, insertText }: Item): string {
  return insertText ?? label;
}

/** The items that begin with what is typed by their places, which the kernel has given them; the rest behind, as they were. */
export function inOrder<T extends Item>(items: readonly T[], texts: readonly string[], typed: string): T[] {
  const places = new Map(texts.map((text, place) => [text, place]));
  const place = (item: T): number => {
    const text = inserted(item);
    return (text.startsWith(typed) ? places.get(text) : undefined) ?? texts.length;
  };
  return [...items].sort((one, other) => place(one) - place(other)); // it is stable
}
