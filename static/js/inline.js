// Edit in place: a field's form saves when it is left or Enter is pressed, Escape puts the field back.
const form = target => target.closest?.("form[data-inline]")
const changed = form => [...form.elements].some(({ name, type, value, defaultValue, options, checked, defaultChecked }) =>
  name && type !== "hidden" && (options ? [...options].some(o => o.selected !== o.defaultSelected)
    : type === "checkbox" ? checked !== defaultChecked : value !== defaultValue))

document.addEventListener("keydown", event => {
  const edited = form(event.target)
  if (!edited) return
  if (event.key === "Escape") leave(edited)
  if (event.key === "Enter" && event.target.matches("textarea") && (event.metaKey || event.ctrlKey)) edited.requestSubmit()
})

document.addEventListener("focusout", event => {
  const edited = form(event.target)
  if (!edited || edited.dataset.left || edited.contains(event.relatedTarget)) return
  // A window that loses focus is not a field that was left.
  if (!document.hasFocus()) return
  if (changed(edited)) edited.requestSubmit()
  else leave(edited)
})

// One choice is a decision: no second key for it.
document.addEventListener("change", event => {
  if (event.target.matches("form[data-inline] select:not([multiple])")) form(event.target).requestSubmit()
})

document.addEventListener("submit", event => {
  const edited = form(event.target)
  if (edited?.dataset.left) event.preventDefault()
  if (edited) edited.dataset.left = "saved"
}, true)

function leave(edited) {
  edited.dataset.left = "as it was"
  edited.querySelector("[data-cancel]").click()
}

document.addEventListener("htmx:afterSettle", event => {
  const input = event.target.querySelector?.("form[data-inline] :is(input:not([type=hidden]), select, textarea)")
  if (input) {
    input.focus()
    if (input.matches("input:not([type=checkbox]):not([type=date])")) input.select()
  }
})
