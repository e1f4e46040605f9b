// A filter form leaves its empty fields out of the address.
document.addEventListener("formdata", event => {
  if (event.target.method !== "get") return
  const data = event.formData
  for (const name of new Set(data.keys())) {
    const values = data.getAll(name).filter(value => value !== "")
    data.delete(name)
    for (const value of values) data.append(name, value)
  }
})

// The search box stands beside what a tab or link replaces: it follows the address, unless somebody types in it.
document.addEventListener("htmx:afterSettle", event => {
  const box = event.target.matches?.(".list-area") && document.querySelector(".top [name=search_value]")
  if (box && box !== document.activeElement) box.value = new URLSearchParams(location.search).get("search_value") ?? ""
})
