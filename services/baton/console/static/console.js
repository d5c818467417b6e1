// Brings govuk-frontend's components to life, and the parts of a page that show what stands now.
// Without it every page works: it is then as of when it was loaded.
import { initAll } from "./made/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

const said = document.getElementById("said");
let asking = false;
let again = false;

function live() {
  return document.querySelector("[data-live]");
}

// What somebody has opened stays open, and the keyboard stays where it is.
function replace(old, fresh) {
  for (const details of old.querySelectorAll("details[id][open]")) {
    fresh.querySelector(`#${details.id}`)?.setAttribute("open", "");
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  old.replaceWith(fresh);
  if (focused !== null) {
    [...fresh.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
  if (fresh.dataset.liveSays !== old.dataset.liveSays) {
    said.textContent = fresh.dataset.liveSays;
  }
}

async function ask() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    do {
      again = false;
      const answer = await fetch(location.href, {
        headers: { accept: "text/html", "baton-by-itself": "1" },
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [old, fresh] = [live(), page.querySelector("[data-live]")];
      if (!answer.ok || answer.redirected || fresh === null) {
        said.textContent = "This page is no longer live: load it again.";
        return;
      }
      if (old.innerHTML !== fresh.innerHTML) {
        replace(old, fresh);
      }
    } while (again);
  } catch {
    // The network is away: the next event asks again.
  } finally {
    asking = false;
  }
}

if (live() !== null) {
  // What came after the page was made is news to it, also what came before it could listen.
  const shown = document.querySelector("meta[name=shown]")?.content ?? "";
  const events = new EventSource(`/events?shown=${shown}`);
  events.addEventListener("changed", ask);
  // After a break there is no telling what was missed.
  let broken = false;
  events.addEventListener("error", () => {
    broken = true;
    // Refused, as to somebody who is signed in no more: nothing more will come, and the page says so.
    if (events.readyState === EventSource.CLOSED) {
      ask();
    }
  });
  events.addEventListener("open", () => { if (broken) { broken = false; ask(); } });
}
