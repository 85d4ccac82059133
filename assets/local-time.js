// Times stand on the page in UTC; here they are put into the viewer's zone.
// Those that are told relatively ("5 minutes ago") keep their words, and show
// both on hover.
"use strict";
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const local = at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  if (time.textContent === time.title) time.textContent = local;
  else time.title = `${local} (${time.title})`;
}
