// Relative times stay true while a page is open.
const MINUTE = 60000

function text(age, long) {
  const minutes = Math.floor(age / MINUTE)
  const tail = long ? " ago" : ""
  if (minutes < 1) return long ? "just now" : "now"
  if (minutes < 60) return `${minutes} min${tail}`
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h${tail}`
  return `${Math.floor(minutes / 1440)} d${tail}`
}

setInterval(() => {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const age = Date.now() - Date.parse(time.dateTime)
    if (age >= 0 && age < 7 * 1440 * MINUTE) time.textContent = text(age, time.dataset.ago === "long")
  }
}, MINUTE)
