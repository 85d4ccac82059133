// The browser's part of passkeys: a form with data-passkey fetches its options, asks the
// browser for a key ("create") or for an answer of one ("get"), and is sent with it.
(() => {
  "use strict";
  const octets = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  // The request that waits beside the sign-in form.
  let waiting = null;

  async function options(form) {
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const asked = (await answer.json()).publicKey;
    asked.challenge = octets(asked.challenge);
    if (asked.user) asked.user.id = octets(asked.user.id);
    for (const key of [...(asked.excludeCredentials || []), ...(asked.allowCredentials || [])]) {
      key.id = octets(key.id);
    }
    return asked;
  }

  function send(form, credential) {
    const from = credential.response;
    const response = { clientDataJSON: text(from.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (from[name]) response[name] = text(from[name]);
    }
    if (from.getTransports) response.transports = from.getTransports();
    const { credProps } = credential.getClientExtensionResults();
    form.elements.credential.value = JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credProps ? { credProps } : {},
    });
    form.submit();
  }

  function say(form, name) {
    const line = form.querySelector("[data-problem]");
    line.textContent = name ? form.dataset[name] : "";
    line.hidden = !name;
  }

  async function ask(form) {
    if (waiting) waiting.abort();
    say(form, "");
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const publicKey = await options(form);
      send(form, await navigator.credentials[form.dataset.passkey]({ publicKey }));
    } catch (error) {
      const known = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known" };
      say(form, known[error.name] || "failed");
      button.disabled = false;
      wait(form);
    }
  }

  // Offers passkeys where the browser fills in user names (conditional mediation).
  async function wait(form) {
    if (form.dataset.passkey !== "get" || !document.querySelector("input[autocomplete~=webauthn]")) return;
    const can = PublicKeyCredential.isConditionalMediationAvailable;
    if (!can || !(await can.call(PublicKeyCredential))) return;
    const own = (waiting = new AbortController());
    // A challenge lasts ten minutes; the page may stand longer.
    const again = setTimeout(() => { own.abort(); wait(form); }, 480000);
    try {
      const publicKey = await options(form);
      const request = { publicKey, mediation: "conditional", signal: own.signal };
      send(form, await navigator.credentials.get(request));
    } catch {
      // Nobody chose one; the button is there.
    } finally {
      clearTimeout(again);
    }
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) {
      if (form.dataset.passkey === "get") form.hidden = true;
      else say(form, "unsupported");
      continue;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
    wait(form);
  }
})();
