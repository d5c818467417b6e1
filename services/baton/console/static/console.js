// Brings govuk-frontend's components to life, and the parts of a page that show what stands now.
// Without it every page works: it is then as of when it was loaded.
import { initAll } from "./made/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

const said = document.getElementById("said");
let asking = false;
let again = false;
let events;

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

// What stands on a page that hears nothing any more may be wrong: that must be seen, not only heard.
function lost(so) {
  const words = document.getElementById("lost");
  if (words.hidden === so) {
    words.hidden = !so;
    said.textContent = so ? words.textContent.trim() : "";
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
      if (answer.redirected) {
        // To the sign-in: nobody is signed in here any more, so nothing is left to be read.
        location.replace(answer.url);
        return;
      }
      // Without events what is read now is the last that will be.
      lost(!answer.ok || fresh === null || events.readyState === EventSource.CLOSED);
      if (!answer.ok || fresh === null) {
        return;
      }
      if (old.innerHTML !== fresh.innerHTML) {
        replace(old, fresh);
      }
    } while (again);
  } catch {
    // The network is away: the next event asks again.
    lost(true);
  } finally {
    asking = false;
  }
}

if (live() !== null) {
  // What came after the page was made is news to it, also what came before it could listen.
  const shown = document.querySelector("meta[name=shown]")?.content ?? "";
  events = new EventSource(`/events?shown=${shown}`);
  events.addEventListener("changed", ask);
  // After a break there is no telling what was missed.
  let broken = false;
  let waiting;
  events.addEventListener("error", () => {
    broken = true;
    // The stream ends by itself from time to time, and comes back at once.
    waiting ??= setTimeout(lost, 5000, true);
    // Refused, as to somebody who is signed in no more: nothing more will come, and the page says so.
    if (events.readyState === EventSource.CLOSED) {
      ask();
    }
  });
  events.addEventListener("open", () => {
    clearTimeout(waiting);
    waiting = undefined;
    if (broken) { broken = false; ask(); }
  });
}
