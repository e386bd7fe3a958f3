// What the developer portal's pages do more with a script: all of them work without it.

const KEY = "polyphony-key"; // GraphiQL takes it from there, and forgets it

for (const link of document.querySelectorAll("a[data-key]"))
  link.addEventListener("click", () => sessionStorage.setItem(KEY, link.dataset.key));

const field = document.querySelector("[data-key-field]");
if (field) {
  const input = field.querySelector("input");
  const snippets = [...document.querySelectorAll("[data-snippet]")];
  const texts = snippets.map((snippet) => snippet.textContent);
  input.addEventListener("input", () => {
    // Only what a key can have: nothing that would be more than text within the quotes.
    const key = input.value.replace(/\W/g, "") || input.dataset.placeholder;
    for (const [place, snippet] of snippets.entries())
      snippet.textContent = texts[place].replaceAll(input.dataset.placeholder, key);
  });
  field.hidden = false;
}
