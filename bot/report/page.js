// A crosshair for each chart: the nearest tick under the pointer, its time and its values.
for (const chart of document.querySelectorAll(".chart")) {
  const area = chart.querySelector(".area"), cursor = chart.querySelector(".cursor");
  const readout = chart.querySelector(".readout");
  const { t, s } = JSON.parse(chart.querySelector("script").textContent);
  const span = Math.max(1, t[t.length - 1] - t[0]);
  const clear = () => { cursor.style.display = "none"; readout.textContent = "\u00a0"; };
  area.addEventListener("pointermove", (event) => {
    const box = area.getBoundingClientRect();
    const wanted = t[0] + span * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    let low = 0, high = t.length - 1;
    while (high - low > 1) { const middle = (low + high) >> 1; if (t[middle] < wanted) low = middle; else high = middle; }
    const at = wanted - t[low] < t[high] - wanted ? low : high;
    cursor.style.display = "block";
    cursor.style.left = `${100 * (t[at] - t[0]) / span}%`;
    const time = new Date(1000 * t[at]).toISOString().slice(0, 16).replace("T", " ");
    const values = s.map((line) => `${line.n} ${line.v[at] === null ? "unknown" : line.v[at].toLocaleString("en", { maximumSignificantDigits: 7 })}`);
    readout.textContent = [`${time} UTC`, ...values].join(" \u00b7 ");
  });
  area.addEventListener("pointerleave", clear);
}
