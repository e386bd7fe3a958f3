// Passkeys: the one thing here that needs a script. A form says what it wants:
//
//   data-passkey="get" (sign in) or "create" (add one), data-options="where its challenge comes from"
//
// The browser's answer goes into the form's field `credential`, and the form is sent as any other.

const known = typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!known) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void answer(form);
  });
}
if (known)
  for (const hint of document.querySelectorAll("[data-passkey-missing]")) hint.hidden = true;

/** Asks the browser for a passkey and sends the form; what goes wrong is said in it. */
async function answer(form) {
  const button = form.querySelector("button");
  say(form, "");
  button.disabled = true;
  try {
    const options = await fetchOptions(form);
    const credential = await ask(form.dataset.passkey, options);
    form.elements.namedItem("credential").value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    say(form, words(error));
    button.disabled = false;
    button.focus();
  }
}

async function fetchOptions(form) {
  const response = await fetch(form.dataset.options, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  });
  if (response.redirected || response.status === 401) {
    throw new Problem("Your session has ended. Reload the page.");
  }
  if (!response.headers.get("content-type")?.includes("json")) {
    throw new Problem("Polyphony does not answer as it should. Try again in a minute.");
  }
  const content = await response.json();
  if (!response.ok) throw new Problem(content.message);
  return content;
}

function ask(how, options) {
  if (how === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey });
}

/** A sentence for people. */
class Problem extends Error {}

function words(error) {
  if (error instanceof Problem) return error.message;
  switch (error.name) {
    case "NotAllowedError":
    case "AbortError":
      return "No passkey was chosen, or it took too long. Try again.";
    case "InvalidStateError":
      return "This device has a passkey for your account already.";
    case "SecurityError":
      return "Passkeys do not work at this address.";
    default:
      return "The passkey did not work. Try again.";
  }
}

function say(form, text) {
  const place = form.querySelector("[data-passkey-error]");
  place.textContent = text;
  place.hidden = text === "";
}
