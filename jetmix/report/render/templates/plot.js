"use strict";
// Lets a plot answer: hover or arrow keys describe a point, a click or Enter filters by its family.
// The plot itself is the figure's own SVG, so that it prints, scales and takes the theme's colours.
(() => {
  const NEAR = 18; // pixels within which the pointer means a point
  const plots = [];
  const hidden = new Set();

  const refresh = () => {
    for (const plot of plots) {
      for (const point of plot.points) {
        const away = !point.ours && hidden.has(point.family);
        point.parts.forEach((part) => { part.style.display = away ? "none" : ""; });
        point.away = away;
      }
      plot.tell(null);
    }
    for (const chip of document.querySelectorAll(".chips button[data-family]")) {
      chip.setAttribute("aria-pressed", String(!hidden.has(chip.dataset.family)));
    }
    for (const row of published()) row.hidden = hidden.has(family(row));
  };

  const published = () =>
    [...document.querySelectorAll("#field .sortable tbody:not(.ours) tr:not(.break)")];
  const family = (row) => row.cells[0].textContent.trim();
  // the table names more of them than the plots, which need a resource count
  const families = () => [...new Set(published().map(family))];

  // shows one family alone; a second time shows all again
  const isolate = (chosen) => {
    const others = families().filter((name) => name !== chosen);
    const alone = others.every((name) => hidden.has(name)) && !hidden.has(chosen);
    hidden.clear();
    if (!alone) others.forEach((name) => hidden.add(name));
    refresh();
  };

  const middle = (element) => {
    const box = element.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };

  const prepare = (holder) => {
    const svg = holder.querySelector("svg");
    const data = JSON.parse(document.getElementById(`${holder.id}-data`).textContent);
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("role", "status");
    tip.hidden = true;
    const points = data.map((point, index) => {
      const parts = [...svg.querySelectorAll(`[id^="${holder.id}-point-${index}-"]`)];
      return { ...point, parts, marker: parts[0], away: false };
    }).sort((a, b) => a.cost - b.cost);

    const plot = { points, chosen: null, tell: (point) => {
      if (plot.chosen) plot.chosen.marker.classList.remove("chosen");
      plot.chosen = point;
      tip.hidden = !point;
      if (!point) return;
      point.marker.classList.add("chosen");
      tip.replaceChildren(...point.lines.map((line, index) => {
        const entry = document.createElement(index ? "div" : "strong");
        entry.textContent = line;
        return entry;
      }));
      const frame = holder.getBoundingClientRect();
      const [x, y] = middle(point.marker);
      const left = Math.min(Math.max(x - frame.x + 12, 0), frame.width - tip.offsetWidth);
      tip.style.left = `${Math.max(left, 0)}px`;
      tip.style.top = `${y - frame.y + 14}px`;
    } };

    const nearest = (event) => {
      let best = null, least = NEAR;
      for (const point of points) {
        if (point.away) continue;
        const [x, y] = middle(point.marker);
        const distance = Math.hypot(x - event.clientX, y - event.clientY);
        if (distance < least) { best = point; least = distance; }
      }
      return best;
    };
    const step = (by) => {
      const shown = points.filter((point) => !point.away);
      if (!shown.length) return;
      const at = shown.indexOf(plot.chosen);
      plot.tell(shown[at < 0 ? 0 : (at + by + shown.length) % shown.length]);
    };

    svg.removeAttribute("aria-hidden");
    svg.setAttribute("role", "presentation");
    holder.setAttribute("role", "group");
    holder.setAttribute("aria-label", `${holder.getAttribute("aria-label")} Arrow keys walk along the points, Enter filters.`);
    holder.tabIndex = 0;
    holder.append(tip);
    holder.addEventListener("pointermove", (event) => plot.tell(nearest(event)));
    holder.addEventListener("pointerleave", () => plot.tell(null));
    holder.addEventListener("blur", () => plot.tell(null));
    holder.addEventListener("click", (event) => {
      const point = nearest(event);
      if (point && !point.ours) isolate(point.family);
    });
    holder.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight" || event.key === "ArrowDown") step(1);
      else if (event.key === "ArrowLeft" || event.key === "ArrowUp") step(-1);
      else if (event.key === "Enter" && plot.chosen && !plot.chosen.ours) isolate(plot.chosen.family);
      else if (event.key === "Escape") { hidden.clear(); refresh(); }
      else return;
      event.preventDefault();
    });
    plots.push(plot);
  };

  const chip = (text, action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", action);
    return button;
  };

  document.querySelectorAll(".interactive").forEach(prepare);
  const first = document.querySelector("#field .interactive");
  if (!first || !families().length) return;
  const bar = document.createElement("div");
  bar.className = "chips";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Published taggers shown in plots and table");
  bar.append("Show: ", chip("all", () => { hidden.clear(); refresh(); }));
  for (const name of families()) {
    const button = chip(name, () => {
      if (!hidden.delete(name)) hidden.add(name);
      refresh();
    });
    button.dataset.family = name;
    bar.append(button);
  }
  first.closest(".pictures").before(bar);
  refresh();
})();
