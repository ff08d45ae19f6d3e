// Passkeys: a form with data-passkey is filled with what the browser and the device answer.
"use strict";

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const bytes = (said) => Uint8Array.from(
  atob(said.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const named = (list) => list.map((one) => ({...one, id: bytes(one.id)}));

async function make(options) {
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  options.excludeCredentials = named(options.excludeCredentials);
  const made = await navigator.credentials.create({publicKey: options});
  return {authenticator: made.response.getAuthenticatorData(), client: made.response.clientDataJSON};
}

async function sign(options) {
  options.challenge = bytes(options.challenge);
  options.allowCredentials = named(options.allowCredentials);
  const made = await navigator.credentials.get({publicKey: options});
  return {credential: made.rawId, authenticator: made.response.authenticatorData,
    client: made.response.clientDataJSON, signature: made.response.signature};
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.passkey) return;
  event.preventDefault();
  const said = form.querySelector("[role=alert]");
  said.textContent = "";
  try {
    const options = JSON.parse(form.dataset.options);
    const parts = await (form.dataset.passkey === "make" ? make(options) : sign(options));
    for (const [name, value] of Object.entries(parts)) form.elements[name].value = text(value);
    form.submit();
  } catch (error) {
    form.removeAttribute("aria-busy");
    said.textContent = error.name === "NotAllowedError"
      ? "The passkey was not used: it was declined, it took too long, or there is none here."
      : error.name === "InvalidStateError" ? "This device has a passkey of yours already."
        : `The passkey was not used (${error.name}).`;
  }
});
