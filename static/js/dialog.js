// Dialogs and menus. `data-opens="id"` opens a dialog (without script its link is followed), `data-closes` shuts it;
// a menu (<details class="menu">) shuts by Escape or a click elsewhere, and only one is open at a time.
const menus = () => document.querySelectorAll("details.menu[open]")

document.addEventListener("click", event => {
  const opener = event.target.closest("[data-opens]")
  const dialog = opener && document.getElementById(opener.dataset.opens)
  if (dialog && !event.metaKey && !event.ctrlKey) {
    event.preventDefault()
    dialog.showModal()
  }
  if (event.target.closest("[data-closes]") || event.target.matches("dialog[open]") && outside(event)) {
    event.preventDefault()
    event.target.closest("dialog").close()
  }
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false
})

function outside({ target, clientX: x, clientY: y }) {
  const box = target.getBoundingClientRect()
  return x < box.left || x > box.right || y < box.top || y > box.bottom
}

document.addEventListener("keydown", event => {
  if (event.key !== "Escape") return
  for (const menu of menus()) {
    menu.open = false
    menu.querySelector("summary").focus()
  }
})

document.addEventListener("toggle", event => {
  const opened = event.target.matches("details.menu[open]") && matchMedia("(hover: hover)").matches
  if (opened) event.target.querySelector(".pop :is(input:not([type=hidden]), select)")?.focus()
}, true)
