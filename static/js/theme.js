// Light, dark or as the system has it: shown at once, remembered in a cookie that the server reads.
const YEAR = 60 * 60 * 24 * 365

function choose(theme) {
  document.documentElement.dataset.theme = theme
  const secure = location.protocol === "https:" ? "; secure" : ""
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`
}

document.addEventListener("change", event => {
  if (event.target.matches("[data-theme-choice] input[type=radio]")) choose(event.target.value)
})
document.addEventListener("click", event => {
  const button = event.target.closest("[data-theme-set]")
  if (!button) return
  choose(button.dataset.themeSet)
  button.closest("dialog")?.close()
})
