// Keyboard: any control with data-key="c" is clicked (or, if it takes text, focused) by that key; j k x move and tick rows.
const typing = target => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")

document.addEventListener("keydown", event => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") return press(event, "mod+k")
  if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return
  if (document.querySelector("dialog[open]")) return
  if (event.key === "j" || event.key === "k") return move(event, event.key === "j" ? 1 : -1)
  if (event.key === "x") return tick(event)
  press(event, event.key.length === 1 ? event.key.toLowerCase() : event.key)
})

function press(event, key) {
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`)
  if (!control) return
  event.preventDefault()
  if (control.matches("input, textarea")) control.select()
  else control.click()
}

const names = () => [...document.querySelectorAll("tbody .name")]
const row = () => document.activeElement?.closest("tbody tr")

function move(event, step) {
  const all = names()
  if (!all.length) return
  event.preventDefault()
  const at = all.findIndex(name => name.closest("tr") === row())
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))]
  next.focus()
  next.scrollIntoView({ block: "nearest" })
}

function tick(event) {
  const box = row()?.querySelector(".pick input")
  if (!box) return
  event.preventDefault()
  box.click()
}
