/** The element of this id; it stands in index.html. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

type Children = readonly (Node | string)[];

/** A new element with these classes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: Children
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** Writes only what differs: at one picture a second the browser has nothing to lay out where nothing changed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that does something here. */
export function button(label: string, onClick: () => void, className = ''): HTMLButtonElement {
  const element = make('button', className, label);
  element.type = 'button';
  element.addEventListener('click', onClick);
  return element;
}

/** Terms with what they mean, in place of what was there. */
export function setTerms(list: HTMLElement, terms: readonly (readonly [string, string])[]): void {
  while (list.children.length < terms.length) list.append(make('div', '', make('dt'), make('dd')));
  while (list.children.length > terms.length) list.lastElementChild?.remove();
  for (const [at, [term, meaning]] of terms.entries()) {
    const { firstElementChild, lastElementChild } = list.children[at]!;
    setText(firstElementChild!, term);
    setText(lastElementChild!, meaning);
  }
}
