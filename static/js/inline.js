// Edit in place: a field's form saves when it is left or Enter is pressed, Escape puts the field back.
const form = target => target.closest?.("form[data-inline]")
const changed = form => [...form.elements].some(({ name, type, value, defaultValue, options, checked, defaultChecked }) =>
  name && type !== "hidden" && (options ? [...options].some(o => o.selected !== o.defaultSelected)
    : type === "checkbox" ? checked !== defaultChecked : value !== defaultValue))
let walking = false // through a closed select with the arrow keys
let pressed = null // the form under the pointer: Safari gives its buttons no focus

document.addEventListener("keydown", event => {
  const edited = form(event.target)
  if (!edited) return
  walking = event.target.matches("select") && !["Enter", " ", "Tab"].includes(event.key)
  if (event.key === "Escape") leave(edited)
  if (event.key !== "Enter") return
  const saves = event.target.matches("select, [type=checkbox]") || event.target.matches("textarea") && (event.metaKey || event.ctrlKey)
  if (!saves) return
  event.preventDefault()
  edited.requestSubmit()
})
document.addEventListener("pointerdown", event => {
  walking = false
  pressed = form(event.target)
}, true)

document.addEventListener("focusout", event => {
  const edited = form(event.target)
  if (!edited || edited.dataset.left || edited.contains(event.relatedTarget)) return
  // A window that loses focus is not a field that was left.
  if (!document.hasFocus() || !event.relatedTarget && pressed === edited) return
  if (changed(edited)) edited.requestSubmit()
  else leave(edited)
})

// One choice is a decision: no second key for it.
document.addEventListener("change", event => {
  if (event.target.matches("form[data-inline] select") && !walking) form(event.target).requestSubmit()
})

document.addEventListener("submit", event => {
  const edited = form(event.target)
  if (edited?.dataset.left) event.preventDefault()
  if (edited) edited.dataset.left = "saved"
}, true)

function leave(edited) {
  if (edited.dataset.left) return
  edited.dataset.left = "as it was"
  edited.querySelector("[data-cancel]").click()
}

// Most notes mention nobody.
document.addEventListener("input", ({ target }) => {
  const script = target.dataset?.mentionScript
  if (script && target.value.includes("@")) import(script).then(({ look }) => look(target))
})

// The focus stays with the field: in its input, or on it again once it is saved or put back.
document.addEventListener("htmx:afterSettle", event => {
  const field = event.target.closest?.(".fields > div")
  if (!field) return
  const input = field.querySelector("form :is(input:not([type=hidden]), select, textarea)")
  if (input) {
    input.focus()
    if (input.matches("input:not([type=checkbox]):not([type=date])")) input.select()
  } else if (document.activeElement === document.body) field.querySelector(".edit").focus()
})
