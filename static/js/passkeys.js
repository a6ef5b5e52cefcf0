// Talks to passkeys: asks the portal for a challenge, the browser for an answer, and sends it with the form.
"use strict";

function toBytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const characters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(keys) {
  return (keys || []).map((key) => ({ ...key, id: toBytes(key.id) }));
}

async function challengeFor(form) {
  const answer = await fetch(form.dataset.passkey, { method: "POST", body: new FormData(form) });
  if (!answer.ok) throw new Error(`challenge refused: ${answer.status}`);
  const { publicKey } = await answer.json();
  publicKey.challenge = toBytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = toBytes(publicKey.user.id);
  if (publicKey.excludeCredentials) publicKey.excludeCredentials = withBytes(publicKey.excludeCredentials);
  if (publicKey.allowCredentials) publicKey.allowCredentials = withBytes(publicKey.allowCredentials);
  return publicKey;
}

// Written out by hand: older browsers do not have toJSON() on credentials.
function asJSON(credential) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const response = {};
  for (const part of parts) {
    if (credential.response[part]) response[part] = toText(credential.response[part]);
  }
  const id = toText(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, response, clientExtensionResults: {} });
}

async function ask(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const publicKey = await challengeFor(form);
    const isNew = form.hasAttribute("data-passkey-new");
    const credential = await navigator.credentials[isNew ? "create" : "get"]({ publicKey });
    form.elements.credential.value = asJSON(credential);
    form.submit();
  } catch {
    problem.hidden = false;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-passkey")) return;
  event.preventDefault();
  ask(form);
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("[data-passkey] [name=credential]")) field.value = "";
});
