// Keeps the figure of a chosen square or bar below its drawing: by a click, or by the arrow keys in the drawing.
// Without this script each square still tells its figure when pointed at, and the table below has them all.
"use strict";

(function keepFigures() {
  const told = (one) => one.querySelector("title").textContent;

  function nextIn(all, at, key) {
    const x = (one) => Number(one.getAttribute("x"));
    const y = (one) => Number(one.getAttribute("y"));
    const from = all[at];
    const column = all.filter((one) => x(one) === x(from));
    const line = all.filter((one) => y(one) === y(from));
    const among = (row, step) => row[Math.min(Math.max(row.indexOf(from) + step, 0), row.length - 1)];
    const wanted = {
      ArrowRight: () => among(line, 1),
      ArrowLeft: () => among(line, -1),
      // Bars begin where they please: there, a line is a bar.
      ArrowDown: () => (line.length > 1 ? among(column, 1) : all[Math.min(at + 1, all.length - 1)]),
      ArrowUp: () => (line.length > 1 ? among(column, -1) : all[Math.max(at - 1, 0)]),
      Home: () => line[0],
      End: () => line[line.length - 1],
    }[key];
    return wanted && wanted();
  }

  function enliven(svg) {
    const all = [...svg.querySelectorAll("rect")].filter((one) => one.querySelector("title"));
    const word = svg.closest("section").querySelector(".kept");
    const hint = word.textContent.trim();
    let chosen = null;

    function choose(one) {
      if (chosen) chosen.classList.remove("chosen");
      chosen = one;
      if (one) one.classList.add("chosen");
      word.textContent = one ? told(one) : hint;
    }

    word.hidden = false;
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("role", "application"); // so that a screen reader leaves the arrow keys to it
    word.textContent = hint;
    svg.addEventListener("click", (event) => {
      const one = event.target.closest("rect");
      choose(one === chosen || !all.includes(one) ? null : one);
    });
    svg.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const next = event.key === "Escape" ? null : chosen ? nextIn(all, all.indexOf(chosen), event.key) : undefined;
      const first = !chosen && event.key.startsWith("Arrow") ? all[0] : next;
      if (first === undefined) return;
      event.preventDefault();
      choose(first);
    });
  }

  document.querySelectorAll("figure svg.week, figure svg.bars").forEach((svg) => {
    if (svg.closest("section").querySelector(".kept")) enliven(svg);
  });
})();
