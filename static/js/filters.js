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
